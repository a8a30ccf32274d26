// From sample records to a supervisor's spec: what is proposed can be changed before it is sent.

import type { Json } from './api';

export type Format = 'json' | 'csv' | 'tsv';
export type Source = { servers: string; topic: string; earliest: boolean; format: Format; columns: string; properties: string };
export type Role = 'dimension' | 'sum' | 'min' | 'max' | 'distinct' | 'time' | 'none';
export type Field = { name: string; type: 'string' | 'long' | 'double' | 'other'; role: Role; sample: string };
export type Plan = {
  dataSource: string; timeColumn: string; timeFormat: string; fields: Field[];
  rollup: boolean; queryGranularity: string; segmentGranularity: string;
};

export type Sampled = {
  numRowsRead: number;
  numRowsIndexed: number;
  logicalSegmentSchema?: { name: string; type: string }[];
  data: { input?: Json; parsed?: Json; unparseable?: boolean; error?: string }[];
};

export const NO_TIME = '!!!_no_such_column_!!!';
const TIME_NAMES = ['ts', 'timestamp', 'time', 'event_time', 'eventtime', 'datetime', 'date', 'created_at', 'at'];
export const TIME_FORMATS = ['auto', 'iso', 'millis', 'posix', 'micro', 'nano'];

function inputFormat(source: Source): Json {
  if (source.format === 'json') return { type: 'json' };
  const columns = source.columns.split(',').map((name) => name.trim()).filter(Boolean);
  return { type: source.format, ...(columns.length ? { columns } : { findColumnsFromHeader: true }) };
}

/** The reader's part of a spec. Errors name what is missing. */
export function ioConfig(source: Source): Json {
  if (!source.servers.trim()) throw new Error('Say which brokers to ask.');
  if (!source.topic.trim()) throw new Error('Say which topic to read.');
  let more: Json = {};
  if (source.properties.trim()) {
    try {
      more = JSON.parse(source.properties) as Json;
    } catch (error) {
      throw new Error(`More properties are not JSON: ${(error as Error).message}`);
    }
  }
  return {
    type: 'kafka', topic: source.topic.trim(), consumerProperties: { 'bootstrap.servers': source.servers.trim(), ...more },
    inputFormat: inputFormat(source), useEarliestOffset: source.earliest,
  };
}

/** What the sampler is asked: all columns as they are found, or the plan as it stands. */
export function sampleRequest(source: Source, plan: Plan | null, numRows = 200): Json {
  const schema = plan
    ? dataSchema(plan)
    : { dataSource: 'sample', timestampSpec: { column: NO_TIME, missingValue: '1970-01-01T00:00:00Z' }, dimensionsSpec: { useSchemaDiscovery: true } };
  return { type: 'kafka', spec: { type: 'kafka', ioConfig: ioConfig(source), dataSchema: schema, tuningConfig: { type: 'kafka' } }, samplerConfig: { numRows, timeoutMs: 8000 } };
}

function typeOf(name: string, sampled: Sampled): Field['type'] {
  const type = sampled.logicalSegmentSchema?.find((column) => column.name === name)?.type;
  if (type === 'LONG') return 'long';
  if (type === 'DOUBLE' || type === 'FLOAT') return 'double';
  return !type || type === 'STRING' || type.startsWith('ARRAY') ? 'string' : 'other';
}

/** Text of a value as a table shows it. */
export function text(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** How a column of instants is written, judged by its values; `null` where it does not look like one. */
export function timeFormatOf(values: unknown[]): string | null {
  const given = values.filter((value) => value !== null && value !== undefined && value !== '');
  if (given.length === 0) return null;
  const numbers = given.map(Number);
  const within = (low: number, high: number) => numbers.every((number) => number >= low && number < high);
  if (within(1e11, 1e13)) return 'millis';
  if (within(1e8, 1e10)) return 'posix';
  if (within(1e14, 1e16)) return 'micro';
  if (within(1e17, 1e19)) return 'nano';
  const isIso = given.every((value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}([T ]|$)/.test(value));
  return isIso ? 'auto' : null;
}

function roleOf(name: string, type: Field['type'], distinct: number, count: number): Role {
  if (/(^|_)id$|Id$|uuid/.test(name)) return type === 'string' && distinct < count * 0.8 ? 'dimension' : 'distinct';
  if (type === 'double') return 'sum';
  if (type === 'long') return distinct <= 2 ? 'dimension' : 'sum';
  return 'dimension';
}

/** Proposes time, dimensions and metrics from records as they came. */
export function propose(topic: string, sampled: Sampled): Plan {
  const rows = sampled.data.flatMap((row) => (row.input ? [row.input] : []));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const valuesOf = (name: string) => rows.map((row) => row[name]);
  const instants = names.flatMap((name) => {
    const format = timeFormatOf(valuesOf(name));
    return format ? [{ name, format, rank: TIME_NAMES.indexOf(name.toLowerCase()) }] : [];
  });
  const time = instants.sort((a, b) => (a.rank < 0 ? 99 : a.rank) - (b.rank < 0 ? 99 : b.rank))[0];
  const fields = names.map((name): Field => {
    const values = valuesOf(name);
    const type = typeOf(name, sampled);
    const distinct = new Set(values.map(text)).size;
    const role = name === time?.name ? 'time' : roleOf(name, type, distinct, rows.length);
    return { name, type, role, sample: text(values.find((value) => value !== null && value !== undefined)) };
  });
  return {
    dataSource: topic.replace(/[^\p{L}\p{N}_.-]/gu, '_'), timeColumn: time?.name ?? '', timeFormat: time?.format ?? 'auto', fields,
    rollup: fields.some((field) => ['sum', 'distinct'].includes(field.role)), queryGranularity: 'SECOND', segmentGranularity: 'HOUR',
  };
}

function metricOf(field: Field, taken: Set<string>): Json {
  const kind = field.type === 'long' ? 'long' : 'double';
  if (field.role === 'distinct') {
    const name = taken.has(`unique_${field.name}`) ? `${field.name}_sketch` : `unique_${field.name}`;
    return { type: 'HLLSketchBuild', name, fieldName: field.name };
  }
  const role = field.role[0].toUpperCase() + field.role.slice(1);
  return { type: `${kind}${role}`, name: field.role === 'sum' ? field.name : `${field.role}_${field.name}`, fieldName: field.name };
}

export function dataSchema(plan: Plan): Json {
  if (!plan.dataSource.trim()) throw new Error('Name the datasource.');
  if (!plan.timeColumn) throw new Error('Choose the column that holds the time.');
  const taken = new Set(plan.fields.map((field) => field.name));
  const dimensions = plan.fields
    .filter((field) => field.role === 'dimension')
    .map((field) => (field.type === 'string' || field.type === 'other' ? field.name : { type: field.type, name: field.name }));
  const countName = taken.has('count') ? 'num_records' : 'count';
  const metrics = plan.fields.filter((field) => ['sum', 'min', 'max', 'distinct'].includes(field.role)).map((field) => metricOf(field, taken));
  return {
    dataSource: plan.dataSource.trim(),
    timestampSpec: { column: plan.timeColumn, format: plan.timeFormat },
    dimensionsSpec: { dimensions },
    metricsSpec: [{ type: 'count', name: countName }, ...metrics],
    granularitySpec: { type: 'uniform', segmentGranularity: plan.segmentGranularity, queryGranularity: plan.queryGranularity, rollup: plan.rollup },
  };
}

/** The whole spec as it is submitted. */
export function specOf(source: Source, plan: Plan): Json {
  const { type: _, ...io } = ioConfig(source);
  return { type: 'kafka', spec: { dataSchema: dataSchema(plan), ioConfig: io, tuningConfig: { type: 'kafka' } } };
}
