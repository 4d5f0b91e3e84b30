// Hold pages to HTML: documents by name as JSON on standard input, what is wrong with them on standard output.
// Through the library, for the command wants a newer Node than all else here.
import { text } from "node:stream/consumers";
import { HtmlValidate, StaticConfigLoader } from "html-validate";

const validator = new HtmlValidate(
  new StaticConfigLoader({
    root: true,
    extends: ["html-validate:recommended"],
    rules: {
      "doctype-style": ["error", { style: "lowercase" }],
      // a part of the text is addressed by its characters, char=3883,3890 (RFC 5147)
      "valid-id": ["error", { relaxed: true }],
      // a table that the keyboard can scroll is a region, and no section of the page
      "prefer-native-element": ["error", { exclude: ["region"] }],
      // what may be given more than once has one control for each: plan=…&plan=…
      "form-dup-name": "off",
      // a page has the name of its thing, which the text may have made long
      "long-title": "off",
      // the templates' lines end where they end
      "no-trailing-whitespace": "off",
    },
  }),
);
const wrong = [];
for (const [name, page] of Object.entries(JSON.parse(await text(process.stdin)))) {
  const { results } = await validator.validateString(page);
  for (const { messages } of results)
    for (const { ruleId, line, column, message } of messages) wrong.push([name, line, column, ruleId, message]);
}
process.stdout.write(JSON.stringify(wrong));
