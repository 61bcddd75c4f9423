// Grades answers as the MDN HTTP Observatory does, any path and any status: `node observatory.mjs PACKAGE ASKED`, where
// ASKED is JSON, a list of {path, headers}. Writes a list of {status, grade, score, passed, quantity, tests}.
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [folder, asked] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(folder, "src", name)));
const { retrieve } = await load("retriever/retriever.js");
const { ALL_TESTS } = await load("constants.js");
const { MINIMUM_SCORE_FOR_EXTRA_CREDIT } = await load("grader/charts.js");
const { getGradeForScore, getScoreModifier } = await load("grader/grader.js");

async function graded({ headers, ...where }) {
  const requests = await retrieve("localhost", { ...where, ...(headers ? { headers } : {}) });
  const outputs = ALL_TESTS.map((test) => test(requests));
  const modifiers = outputs.map((output) => getScoreModifier(output.result));
  const losses = 100 + modifiers.filter((modifier) => modifier < 0).reduce((sum, modifier) => sum + modifier, 0);
  const total = 100 + modifiers.reduce((sum, modifier) => sum + modifier, 0);
  return {
    status: requests.responses.auto.status,
    ...getGradeForScore(losses >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? total : losses),
    passed: outputs.filter((output) => output.pass).length,
    quantity: outputs.length,
    tests: Object.fromEntries(
      outputs.map((output, at) => [output.constructor.name, `${output.result} ${modifiers[at]}`]),
    ),
  };
}

const answers = [];
for (const one of JSON.parse(asked)) answers.push(await graded(one));
console.log(JSON.stringify(answers));
