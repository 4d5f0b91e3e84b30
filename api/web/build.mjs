// Bundles the scripts of the pages, with their styles, into the service's static files.
import { build } from "esbuild";

await build({
  entryPoints: { "built-editor": "src/editor.js" },
  outdir: "../iotkg_api/static",
  bundle: true,
  format: "esm",
  minify: true,
  legalComments: "eof",
  target: "es2022",
  loader: { ".svg": "dataurl" },
  logLevel: "warning",
});
