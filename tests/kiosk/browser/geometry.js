// What is wrong with the shape of a screen; every list is empty and every number is 0 when nothing is.
({ leastTarget, leastCapital, millimetresPerPixel }) => {
  const view = document.documentElement;
  const boxOf = (element) => element.getBoundingClientRect();
  const seen = (element) => boxOf(element).width > 1 && boxOf(element).height > 1;
  const all = [...document.querySelectorAll("#stage *")].filter(seen);
  const name = (element) =>
    `${element.tagName}.${element.getAttribute("class")} "${element.textContent.trim().slice(0, 40)}"`;
  const hasWords = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const words = all.filter((element) => hasWords(element) && !element.closest("svg, .unseen"));
  const ruler = document.createElement("canvas").getContext("2d");
  const capital = (element) => {
    const { fontWeight, fontSize, fontFamily } = getComputedStyle(element);
    // Large, for what is measured is rounded to pixels.
    ruler.font = `${fontWeight} ${50 * parseFloat(fontSize)}px ${fontFamily}`;
    return (ruler.measureText("H").actualBoundingBoxAscent * millimetresPerPixel) / 50;
  };
  const overflow = (part) => part.scrollHeight - part.clientHeight;
  return {
    sideways: view.scrollWidth - view.clientWidth,
    below: Math.max(...[view, ...document.querySelectorAll("#stage main")].map(overflow)),
    small: all
      .filter((element) => element.matches("button, a"))
      .filter((element) => boxOf(element).width < leastTarget || boxOf(element).height < leastTarget)
      .map(name),
    cut: all
      .filter((element) => !element.closest("svg, .unseen, .paper") && element.clientWidth > 0)
      .filter((element) => element.scrollWidth > element.clientWidth + 2)
      .map(name),
    outside: words
      .filter((element) => boxOf(element).left < -1 || boxOf(element).right > view.clientWidth + 1)
      .map(name),
    covered: words
      .filter((element) => element.closest("main"))
      .filter((element) => {
        const inside = boxOf(element.closest("main"));
        const range = document.createRange();
        range.selectNodeContents(element);
        const { top, bottom } = range.getBoundingClientRect();
        return top < inside.top - 2 || bottom > inside.bottom + 2;
      })
      .concat(
        words.filter((element) =>
          all.some((other) => {
            if (!other.matches("button, a") || other.contains(element) || element.contains(other)) return false;
            const [one, two] = [boxOf(element), boxOf(other)];
            const wide = Math.min(one.right, two.right) - Math.max(one.left, two.left);
            const high = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top);
            return wide > 2 && high > 6;
          }),
        ),
      )
      .map(name),
    tiny: words.filter((element) => capital(element) < leastCapital).map((element) => `${capital(element)} ${name(element)}`),
  };
}
