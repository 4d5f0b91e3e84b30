// Bundles the scripts of the pages, with their styles, into the service's static files.
import { build } from "esbuild";

await build({
  entryPoints: { "built-editor": "src/editor.js", "built-pictures": "src/pictures.js" },
  outdir: "../iotkg_api/static",
  bundle: true,
  splitting: true,
  chunkNames: "built-[hash]",
  format: "esm",
  minify: true,
  legalComments: "eof",
  target: "es2022",
  loader: { ".svg": "dataurl" },
  logLevel: "warning",
});
