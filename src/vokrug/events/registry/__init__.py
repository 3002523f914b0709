"""The catalogue as data: types and their history, who reads them, what may change, the page and AsyncAPI."""
