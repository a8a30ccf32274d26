// Rectangles whose areas are the values, as near to squares as their order allows.

export type Box = { x: number; y: number; w: number; h: number };

/** Boxes in the order of `values`, which descend. Zero and less get an empty box. */
export function squarify(values: number[], into: Box): Box[] {
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const boxes: Box[] = values.map(() => ({ x: into.x, y: into.y, w: 0, h: 0 }));
  if (total <= 0 || into.w <= 0 || into.h <= 0) return boxes;
  const areas = values.map((value) => (Math.max(0, value) / total) * into.w * into.h);
  let left = { ...into };
  let from = 0;
  while (from < areas.length && areas[from] > 0) {
    const side = Math.min(left.w, left.h);
    let to = from + 1;
    while (to < areas.length && areas[to] > 0 && worst(areas, from, to + 1, side) <= worst(areas, from, to, side)) to += 1;
    left = place(areas, from, to, left, boxes);
    from = to;
  }
  return boxes;
}

/** The largest ratio of sides in a strip of these areas along `side`. */
function worst(areas: number[], from: number, to: number, side: number): number {
  const row = areas.slice(from, to);
  const sum = row.reduce((a, b) => a + b, 0);
  const thick = sum / side;
  return Math.max(...row.map((area) => Math.max(area / thick / thick, (thick * thick) / area)));
}

function place(areas: number[], from: number, to: number, left: Box, boxes: Box[]): Box {
  const sum = areas.slice(from, to).reduce((a, b) => a + b, 0);
  const isWide = left.w >= left.h;
  const thick = isWide ? sum / left.h : sum / left.w;
  let at = isWide ? left.y : left.x;
  for (let index = from; index < to; index += 1) {
    const length = areas[index] / thick;
    boxes[index] = isWide ? { x: left.x, y: at, w: thick, h: length } : { x: at, y: left.y, w: length, h: thick };
    at += length;
  }
  return isWide
    ? { x: left.x + thick, y: left.y, w: Math.max(0, left.w - thick), h: left.h }
    : { x: left.x, y: left.y + thick, w: left.w, h: Math.max(0, left.h - thick) };
}
