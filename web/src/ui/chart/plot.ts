// Draws a chart by uPlot. Colours come from the style sheet, sizes from the element; both may change.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { isolated, shown, split, steps, type ChartData } from './model';
import { tickAt, ticks } from './ticks';

export interface Drawn {
  height: number;
  axis: (value: number) => string;
  /** Charts of the same name move their crosshairs together. */
  sync: string;
  onhover: (index: number | null) => void;
  onselect: (first: number, last: number) => void;
  /** The bucket that the crosshair is on. */
  at: number | null;
  /** The first and the last bucket of a part that is marked. */
  marked: readonly [number, number] | null;
}

const computed = new Map<string, string>();

/** The colour that a custom property comes to in this scheme; to ask for one costs a pass over all styles. */
function colour(element: HTMLElement, property: string): string {
  const key = `${property} ${matchMedia('(prefers-color-scheme: dark)').matches}`;
  let known = computed.get(key);
  if (known === undefined) {
    const before = element.style.color;
    element.style.color = `var(${property})`;
    known = getComputedStyle(element).color;
    element.style.color = before;
    computed.set(key, known);
  }
  return known;
}

const faint = (full: string): string => full.replace('rgb(', 'rgba(').replace(')', ', 0.07)');

const FONT = '11px system-ui, sans-serif';
const DASH = [4, 4];

function series(data: ChartData, element: HTMLElement): { values: (number | null)[][]; options: uPlot.Series[] } {
  const values: (number | null)[][] = [];
  const options: uPlot.Series[] = [];
  const add = (drawn: readonly (number | null)[], alone: number[], option: uPlot.Series) => {
    values.push([...drawn]);
    options.push({
      points: { show: true, size: 5, filter: () => alone.filter((index) => drawn[index] !== null) },
      spanGaps: false,
      ...option,
    });
  };
  // The first line is drawn last, above the others.
  for (const line of data.lines.toReversed()) {
    const stroke = colour(element, line.colour);
    const all = shown(data, line);
    const alone = isolated(all);
    if (line.compared) add(all, alone, { stroke, width: 1, dash: DASH });
    else {
      const { solid, dashed } = split(all, data.buckets);
      add(dashed, alone, { stroke, width: 1.5, dash: DASH });
      add(solid, alone, { stroke, width: 2, ...(data.lines.length <= 2 ? { fill: faint(stroke) } : {}) });
    }
  }
  return { values, options };
}

export function draw(element: HTMLElement, data: ChartData, drawn: Drawn): uPlot {
  const { values, options } = series(data, element);
  const [soft, line] = [colour(element, '--text-soft'), colour(element, '--line')];
  const last = data.buckets.length - 1;
  const whole = values.every((line) => line.every((value) => value === null || Number.isInteger(value)));
  const axis = { font: FONT, stroke: soft, grid: { stroke: line, width: 1 }, ticks: { show: false } };
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height: drawn.height,
      padding: [8, 24, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, range: last > 0 ? [0, last] : [-0.5, 0.5] },
        y: { range: (_, __, max) => [0, steps(max, drawn.height, whole).at(-1) ?? 1] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 24,
          gap: 6,
          splits: (self) => ticks(data, self.bbox.width / devicePixelRatio),
          values: (_, at) => at.map((index) => tickAt(data, index)),
        },
        {
          ...axis,
          size: 48,
          gap: 6,
          splits: (_, __, ___, max) => steps(max, drawn.height, whole),
          values: (_, at) => at.map(drawn.axis),
        },
      ],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        sync: {
          key: drawn.sync,
          setSeries: false,
          filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' },
        },
        points: { size: 7 },
      },
      series: [{}, ...options],
      hooks: {
        // Before that it has no scales to find a bucket by.
        ready: [(self) => drawn.at !== null && point(self, drawn.at)],
        drawClear: [(self) => drawn.marked && mark(self, drawn.marked, colour(element, '--accent-soft'))],
        setCursor: [(self) => (snap(self), drawn.onhover(self.cursor.idx ?? null))],
        setSelect: [
          (self) => {
            const { left, width } = self.select;
            if (width < 4) return;
            const at = (pixel: number) => Math.max(0, Math.min(last, Math.round(self.posToVal(pixel, 'x'))));
            self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            drawn.onselect(at(left), at(left + width));
          },
        ],
      },
    },
    [data.buckets.map((_, index) => index), ...values] as uPlot.AlignedData,
    element,
  );
  return plot;
}

function mark(plot: uPlot, [first, last]: readonly [number, number], fill: string): void {
  const { left, top, width, height } = plot.bbox;
  const from = Math.max(left, plot.valToPos(first - 0.5, 'x', true));
  const to = Math.min(left + width, plot.valToPos(last + 0.5, 'x', true));
  plot.ctx.fillStyle = fill;
  plot.ctx.fillRect(from, top, to - from, height);
}

/** A click that is no drag picks the bucket below it. */
export function pick(plot: uPlot, onpick: (index: number) => void): void {
  let down = 0;
  plot.over.addEventListener('pointerdown', (event) => (down = event.clientX), true);
  plot.over.addEventListener('click', (event) => {
    if (Math.abs(event.clientX - down) < 4)
      onpick(plot.posToIdx(event.clientX - plot.over.getBoundingClientRect().left));
  });
}

/** Puts the crosshair on the bucket that is told of. A drag still goes by the pointer itself. */
function snap(plot: uPlot): void {
  const { idx } = plot.cursor;
  const line = plot.over.querySelector<HTMLElement>('.u-cursor-x');
  if (line && typeof idx === 'number') line.style.transform = `translate(${plot.valToPos(idx, 'x')}px, 0)`;
}

/** Moves the crosshair to a bucket, here and in all charts of the same name. */
export function point(plot: uPlot, index: number): void {
  // The last argument is not in uPlot's types: whether others are told.
  const move: (at: { left: number; top: number }, fire: boolean, publish: boolean) => void = plot.setCursor;
  move({ left: plot.valToPos(index, 'x'), top: 1 }, true, true);
}

/** A finger moves the crosshair, and one that moves sideways selects, as a mouse does that drags. */
export function touch(plot: uPlot): void {
  let from: number | null = null;
  const left = (event: PointerEvent) => event.clientX - plot.over.getBoundingClientRect().left;
  plot.over.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'mouse') from = left(event);
  });
  plot.over.addEventListener('pointermove', (event) => {
    if (from === null) return;
    const to = left(event);
    plot.setCursor({ left: to, top: 0 });
    plot.setSelect(
      { left: Math.min(from, to), width: Math.abs(to - from), top: 0, height: plot.over.clientHeight },
      false,
    );
  });
  plot.over.addEventListener('pointerup', () => {
    if (from !== null) plot.setSelect({ ...plot.select }, plot.select.width > 24);
    from = null;
  });
  plot.over.addEventListener('pointercancel', () => (from = null));
}
