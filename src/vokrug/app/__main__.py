from vokrug.app.cli import main

main()
