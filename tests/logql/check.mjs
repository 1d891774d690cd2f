// Reads a JSON list of LogQL queries; writes, for each, the piece that the grammar does not know, or null.
import { readFileSync } from "node:fs";
import { parser } from "@grafana/lezer-logql";

const wrong = (query) => {
  let found = null;
  parser.parse(query).iterate({
    enter(node) {
      if (node.type.isError && found === null) found = query.slice(Math.max(0, node.from - 20), node.to + 20) || query;
    },
  });
  return found;
};
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(wrong)));
