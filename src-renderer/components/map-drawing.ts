/** What is drawn: places from −1 to 1, downwards, and a colour for each. */
export interface MapPoints {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Places in `palette`. */
  readonly colours: readonly number[];
  readonly palette: readonly string[];
  readonly dimmed: readonly boolean[];
}

/** Which part of the plane is in sight: its middle, and how many times larger than all of it. */
export interface MapView {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

export const wholeView: MapView = { x: 0, y: 0, zoom: 1 };
export const mostZoom = 64;
/** Room between the outermost points and the edge. */
const marginPx = 24;

/** From places of the plane to pixels of the canvas and back. */
export function projection(view: MapView, widthPx: number, heightPx: number) {
  const unitPx = Math.max(1, Math.min(widthPx, heightPx) / 2 - marginPx) * view.zoom;
  return {
    unitPx,
    toPixels: (x: number, y: number): Spot => ({
      x: widthPx / 2 + (x - view.x) * unitPx,
      y: heightPx / 2 + (y - view.y) * unitPx,
    }),
    toPlane: (spot: Spot): Spot => ({
      x: view.x + (spot.x - widthPx / 2) / unitPx,
      y: view.y + (spot.y - heightPx / 2) / unitPx,
    }),
  };
}

/** The view after zooming by a factor around a spot of the canvas, which stays where it is. */
export function zoomed(
  view: MapView,
  factor: number,
  around: Spot,
  widthPx: number,
  heightPx: number,
): MapView {
  const zoom = Math.min(mostZoom, Math.max(1, view.zoom * factor));
  const fixed = projection(view, widthPx, heightPx).toPlane(around);
  const next = projection({ ...view, zoom }, widthPx, heightPx).toPlane(around);
  return { x: view.x + fixed.x - next.x, y: view.y + fixed.y - next.y, zoom };
}

/** So many muted colours, as far from one another as they can be, for a dark or a light ground. */
export function categoryColours(count: number, isDark: boolean): string[] {
  return Array.from({ length: count }, (_, number) => {
    const hue = (35 + number * 137.508) % 360;
    const light = (isDark ? 66 : 40) + (number % 3) * (isDark ? 7 : -6);
    return `hsl(${hue.toFixed(0)} 48% ${light}%)`;
  });
}

export function drawMap(
  canvas: HTMLCanvasElement,
  points: MapPoints,
  view: MapView,
  marks: {
    selected: ReadonlySet<number>;
    active: number | null;
    lasso: readonly Spot[];
    accent: string;
    widthPx: number;
    heightPx: number;
  },
): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const { widthPx, heightPx, selected, active, lasso, accent } = marks;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(widthPx * ratio), Math.round(heightPx * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, widthPx, heightPx);
  const { toPixels } = projection(view, widthPx, heightPx);
  const count = points.x.length;
  const sizePx = Math.min(9, Math.max(2, (count > 20_000 ? 2 : count > 2000 ? 3 : 5) * Math.sqrt(view.zoom)));
  // One colour after the other: changing it costs more than a point.
  const byColour = points.palette.map((): number[] => []);
  points.colours.forEach((colour, at) => byColour[colour]?.push(at));
  for (const [colour, places] of byColour.entries()) {
    context.fillStyle = points.palette[colour]!;
    for (const at of places) {
      const { x, y } = toPixels(points.x[at]!, points.y[at]!);
      if (x < -sizePx || y < -sizePx || x > widthPx + sizePx || y > heightPx + sizePx) continue;
      context.globalAlpha = points.dimmed[at] === true ? 0.25 : 1;
      context.fillRect(x - sizePx / 2, y - sizePx / 2, sizePx, sizePx);
    }
  }
  context.globalAlpha = 1;
  context.strokeStyle = accent;
  context.lineWidth = 1.5;
  for (const at of selected) {
    const { x, y } = toPixels(points.x[at]!, points.y[at]!);
    context.strokeRect(x - sizePx / 2 - 1, y - sizePx / 2 - 1, sizePx + 2, sizePx + 2);
  }
  if (active !== null && active < count) {
    const { x, y } = toPixels(points.x[active]!, points.y[active]!);
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, sizePx + 5, 0, 2 * Math.PI);
    context.stroke();
  }
  if (lasso.length > 1) {
    context.beginPath();
    lasso.forEach(({ x, y }, at) => (at === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    context.closePath();
    context.globalAlpha = 0.12;
    context.fillStyle = accent;
    context.fill();
    context.globalAlpha = 1;
    context.stroke();
  }
}

/** The point nearest to a spot of the canvas, at most so many pixels away; null where there is none. */
export function pointAt(
  points: Pick<MapPoints, 'x' | 'y'>,
  view: MapView,
  spot: Spot,
  reachPx: number,
  widthPx: number,
  heightPx: number,
): number | null {
  const { toPlane, unitPx } = projection(view, widthPx, heightPx);
  const at = toPlane(spot);
  let best: number | null = null;
  let least = (reachPx / unitPx) ** 2;
  for (let place = 0; place < points.x.length; place += 1) {
    const far = (points.x[place]! - at.x) ** 2 + (points.y[place]! - at.y) ** 2;
    if (far > least) continue;
    least = far;
    best = place;
  }
  return best;
}

/** The points inside a closed line of places of the plane (even-odd rule). */
export function pointsInside(points: Pick<MapPoints, 'x' | 'y'>, line: readonly Spot[]): number[] {
  if (line.length < 3) return [];
  const found: number[] = [];
  for (let place = 0; place < points.x.length; place += 1) {
    const [x, y] = [points.x[place]!, points.y[place]!];
    let isInside = false;
    for (let at = 0, before = line.length - 1; at < line.length; before = at, at += 1) {
      const [one, other] = [line[at]!, line[before]!];
      if (one.y > y === other.y > y) continue;
      if (x < ((other.x - one.x) * (y - one.y)) / (other.y - one.y) + one.x) isInside = !isInside;
    }
    if (isInside) found.push(place);
  }
  return found;
}

/** The nearest point in a direction: not further to the side than ahead. */
export function pointTowards(points: Pick<MapPoints, 'x' | 'y'>, from: number, direction: Spot): number {
  let best = from;
  let least = Infinity;
  for (let place = 0; place < points.x.length; place += 1) {
    const [x, y] = [points.x[place]! - points.x[from]!, points.y[place]! - points.y[from]!];
    const ahead = x * direction.x + y * direction.y;
    const aside = Math.abs(x * direction.y) + Math.abs(y * direction.x);
    if (ahead <= 0 || aside > ahead) continue;
    const far = x * x + y * y;
    if (far >= least) continue;
    least = far;
    best = place;
  }
  return best;
}
