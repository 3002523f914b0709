// Builds what browsers load: bundled, minified, named by content, compressed once. Nothing is fetched at run time.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { PurgeCSS } from "purgecss";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const assets = join(root, "src/vokrug/web/assets");
const out = join(root, "src/vokrug/web/static");
const draft = `${out}.draft`;

rmSync(draft, { recursive: true, force: true });
mkdirSync(draft, { recursive: true });
const entries = readdirSync(assets).filter((name) => [".js", ".css"].includes(extname(name)) && !name.startsWith("_"));
const made = await build({
  entryPoints: entries.map((name) => join(assets, name)),
  bundle: true,
  minify: true,
  write: false,
  format: "iife",
  target: ["es2021"],
  outdir: draft,
  loader: { ".svg": "dataurl" },
  legalComments: "none",
  nodePaths: [join(root, "node_modules")],
});

// A library of styles has ten times what our pages use. Names that are put together at run time are named here.
const pages = join(root, "src/vokrug/web/{pages,assets}/**/*.{html,js}");
async function used(css) {
  const [found] = await new PurgeCSS().purge({
    content: [pages],
    css: [{ raw: css }],
    safelist: { standard: [/^bg-.*-lt$/, /^alert-/, "active", "show"], greedy: [/data-bs-theme/] },
    variables: false,
  });
  return Buffer.from(found.css);
}

const names = {};
for (const file of made.outputFiles) {
  const isStyle = extname(file.path) === ".css";
  put(basename(file.path), isStyle ? await used(file.text) : file.contents);
}
for (const name of readdirSync(assets).filter((name) => [".svg", ".png", ".ico"].includes(extname(name)))) {
  put(name, readFileSync(join(assets, name)));
}
writeFileSync(join(draft, "names.json"), JSON.stringify(names, null, 1));
rmSync(out, { recursive: true, force: true });
renameSync(draft, out);

function put(name, contents) {
  const mark = createHash("sha256").update(contents).digest("hex").slice(0, 12);
  const kind = extname(name);
  names[name] = `${name.slice(0, -kind.length)}-${mark}${kind}`;
  writeFileSync(join(draft, names[name]), contents);
  writeFileSync(join(draft, `${names[name]}.gz`), gzipSync(contents, { level: 9 }));
}
