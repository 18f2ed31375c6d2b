// The two text forms of metrics that Prometheus reads: its own (0.0.4) and OpenMetrics (1.0.0). A family is a name with a
// type and a help line, then its samples; both forms have the same names.

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';
/** Names and values, in the order in which they are shown. */
export type Labels = readonly (readonly [name: string, value: string | number])[];

export const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

const TOTAL = '_total';
const NO_LABELS: Labels = [];

export class Exposition {
  readonly isOpenMetrics: boolean;
  private written = '';

  constructor(isOpenMetrics: boolean) {
    this.isOpenMetrics = isOpenMetrics;
  }

  /** Begins a family, whose samples must follow before the next begins. */
  family(name: string, type: MetricType, help: string): void {
    let shownName = name;
    let shownType: string = type;
    // There a counter's samples end in `_total`, and its family does not. One that Redis's tools know without is no counter.
    if (this.isOpenMetrics && type === 'counter') {
      if (name.endsWith(TOTAL)) shownName = name.slice(0, -TOTAL.length);
      else shownType = 'unknown';
    }
    this.written += `# HELP ${shownName} ${help}\n# TYPE ${shownName} ${shownType}\n`;
  }

  /** One sample of the present family. */
  sample(name: string, value: number, labels: Labels = NO_LABELS): void {
    this.written += `${name}${labelText(labels)} ${numberText(value)}\n`;
  }

  /** A family with one sample. */
  single(name: string, type: MetricType, help: string, value: number, labels: Labels = NO_LABELS): void {
    this.family(name, type, help);
    this.sample(name, value, labels);
  }

  /** The limit of a histogram's bucket as a label. */
  limit(value: number): string {
    const text = numberText(value);
    return this.isOpenMetrics && Number.isInteger(value) ? `${text}.0` : text;
  }

  /** All that was written. */
  get text(): string {
    return this.isOpenMetrics ? `${this.written}# EOF\n` : this.written;
  }
}

function labelText(labels: Labels): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${escaped(String(value))}"`).join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
