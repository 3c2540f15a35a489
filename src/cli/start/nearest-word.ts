/** The one of `words` that is one slip away from `word`: a letter too many, too few, another one, or two exchanged. */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  return words.find((one) => one !== word && one.length > 2 && isOneSlip(word, one));
}

function isOneSlip(a: string, b: string): boolean {
  let from = 0;
  while (from < a.length && from < b.length && a[from] === b[from]) from++;
  let tail = 0;
  while (tail < a.length - from && tail < b.length - from && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const [restA, restB] = [a.slice(from, a.length - tail), b.slice(from, b.length - tail)];
  if (restA.length <= 1 && restB.length <= 1) return true;
  return restA.length === 2 && restB.length === 2 && restA[0] === restB[1] && restA[1] === restB[0];
}
