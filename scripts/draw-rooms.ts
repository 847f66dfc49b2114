/**
 * Draws the rooms of src/ and the arrows between them, as scripts/check-imports.ts has them, into docs/architecture.svg.
 *
 *   npm run build && node dist/scripts/draw-rooms.js
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { graphlib, layout } from '@dagrejs/dagre';
import { packageRoot } from '../src/node/assets.js';
import { ROOMS } from './check-imports.js';

export const PICTURE = 'docs/architecture.svg';

const BOX = { width: 104, height: 38 };
const MARGIN = 24;
const BAND = 46;

type Edge = { readonly v: string; readonly w: string };
type Point = { readonly x: number; readonly y: number };

/** The rooms that use all rooms but one another: drawn as bands above the rest. */
function bandsOf(rooms: readonly string[]): string[] {
  const byUses = [...rooms].sort((a, b) => ROOMS[b].uses.length - ROOMS[a].uses.length);
  for (let n = rooms.length - 1; n > 0; n--) {
    const bands = byUses.slice(0, n);
    const below = byUses.slice(n);
    if (bands.every((band) => below.every((room) => ROOMS[band].uses.includes(room)))) return bands;
  }
  return [];
}

/** A path that goes straight down at each point. */
function curve(points: readonly Point[]): string {
  return points.reduce((path, { x, y }, i) => {
    if (i === 0) return `M${x} ${y}`;
    const before = points[i - 1];
    const half = Math.round((y - before.y) / 2);
    return `${path} C${before.x} ${before.y + half} ${x} ${y - half} ${x} ${y}`;
  }, '');
}

/** The picture as SVG. */
export function drawRooms(): string {
  const rooms = Object.keys(ROOMS);
  const bands = bandsOf(rooms);
  const drawn = rooms.filter((room) => !bands.includes(room));
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 28, ranksep: 52 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const room of drawn) graph.setNode(room, { ...BOX });
  for (const room of drawn) {
    for (const to of ROOMS[room].uses) graph.setEdge(room, to, { types: false });
    for (const to of ROOMS[room].types ?? []) graph.setEdge(room, to, { types: true });
  }
  layout(graph);
  const at = (room: string): Point => graph.node(room) as unknown as Point;
  const top = MARGIN + bands.length * BAND;
  const width = Math.max(...drawn.map((r) => at(r).x + BOX.width / 2)) + 2 * MARGIN;
  const bottom = Math.max(...drawn.map((r) => at(r).y + BOX.height / 2)) + top + MARGIN / 2;
  const shift = ({ x, y }: Point): Point => ({ x: Math.round(x + MARGIN), y: Math.round(y + top) });
  const box = (name: string, x: number, y: number, w: number, h: number, said = ''): string =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="7" class="${said ? 'band' : 'room'}"/>` +
    `<text x="${x + w / 2}" y="${y + h / 2 + 5}"><tspan class="name">${name}</tspan>${said}</text>`;
  const parts = bands.map((room, i) => {
    const said = [...bands.filter((band) => ROOMS[room].uses.includes(band)), 'all rooms in blue'].join(' and ');
    return box(room, MARGIN, MARGIN / 2 + i * BAND, width - 2 * MARGIN, BAND - 12, ` · uses ${said}`);
  });
  // Arrows leave below and arrive above, side by side in the order of where they go to or come from.
  const edges = graph.edges() as Edge[];
  const port = (room: string, others: string[], other: string): number => {
    const place = others.sort((a, b) => at(a).x - at(b).x).indexOf(other);
    return at(room).x + ((place + 0.5) / others.length - 0.5) * 0.8 * BOX.width;
  };
  for (const edge of edges) {
    const { points, types } = graph.edge(edge.v, edge.w) as { points: Point[]; types: boolean };
    const out = edges.filter(({ v }) => v === edge.v).map(({ w }) => w);
    const into = edges.filter(({ w }) => w === edge.w).map(({ v }) => v);
    const from = { x: port(edge.v, out, edge.w), y: at(edge.v).y + BOX.height / 2 };
    const to = { x: port(edge.w, into, edge.v), y: at(edge.w).y - BOX.height / 2 };
    // An arrow over several ranks keeps to the gaps that the layout found for it.
    const gaps = points.slice(1, -1).filter((_, i) => points.length > 3 && i % 2 === 1);
    const ranks = gaps.flatMap(({ x, y }) => [-0.5, 0.5].map((half) => ({ x, y: y + half * BOX.height })));
    parts.push(
      `<path d="${curve([from, ...ranks, to].map(shift))}" class="${types ? 'types' : 'uses'}" marker-end="url(#tip)"/>`,
    );
  }
  for (const room of drawn) {
    const { x, y } = shift(at(room));
    parts.push(box(room, x - BOX.width / 2, y - BOX.height / 2, BOX.width, BOX.height));
  }
  const legend = [
    `<path d="M${MARGIN} ${bottom + 8} h36" class="uses" marker-end="url(#tip)"/>`,
    `<text x="${MARGIN + 48}" y="${bottom + 13}" class="legend">uses</text>`,
    `<path d="M${MARGIN + 110} ${bottom + 8} h36" class="types" marker-end="url(#tip)"/>`,
    `<text x="${MARGIN + 158}" y="${bottom + 13}" class="legend">knows types only</text>`,
  ];
  const [w, h] = [Math.round(width), Math.round(bottom + 30)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img">`,
    '<title>The rooms of src/ and which uses which</title>',
    '<style>text{font:14px Helvetica,Arial,sans-serif;fill:#222;text-anchor:middle}.name{font-weight:bold}',
    '.room{fill:#eaf1f8;stroke:#2f5d8a}.band{fill:#f6efe6;stroke:#c8552d}path{fill:none;stroke:#555;stroke-width:1.4}',
    '.types{stroke-dasharray:5 4}.legend{text-anchor:start}#tip path{fill:#555;stroke:none}</style>',
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">',
    '<path d="M0 0 L8 4 L0 8 Z"/></marker></defs>',
    `<rect width="${w}" height="${h}" fill="white"/>`,
    ...parts,
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === process.argv[1]) {
  writeFileSync(join(packageRoot(), PICTURE), drawRooms());
  console.log(PICTURE);
}
