/**
 * Joins the deltas of one turn by their offsets.
 *
 * Offsets count code points, not UTF-16 units. A delta that was seen already,
 * or that overlaps what is there, adds only what is new; one that leaves a hole
 * is refused, so that the text is always a prefix of the answer.
 */
export class Joiner {
  /** The text so far. */
  text = "";
  /** The text's length in code points. */
  length = 0;

  /**
   * Adds a delta.
   * @param {number} offset code points before it
   * @param {string} text
   * @returns {"grown"|"known"|"hole"} what came of it
   */
  add(offset, text) {
    if (!Number.isInteger(offset) || offset < 0) return "known";
    if (offset > this.length) return "hole";
    const points = [...text];
    const fresh = points.slice(this.length - offset);
    if (fresh.length === 0) return "known";
    this.text += fresh.join("");
    this.length += fresh.length;
    return "grown";
  }
}

/**
 * Counts code points, as the host does.
 * @param {string} text
 */
export function countPoints(text) {
  let n = 0;
  for (const _ of text) n++;
  return n;
}
