/**
 * How a configuration field is declared: a zod schema for its type, range and default, and beside it what a
 * schema cannot say: meaning and unit. Errors, help and the README's table are all made from these two.
 */
import { z } from 'zod';

export interface FieldFacts {
  /** What the field does; a sentence for each special value. */
  readonly doc: string;
  /** Unit of its number, e.g. `steps`. */
  readonly unit?: string;
  /** A path of the file system: taken relative to the folder of whatever named it. */
  readonly isPath?: true;
}

/** A leaf of the configuration. */
export interface Field {
  /** Dotted, e.g. `train.batchSize`. */
  readonly path: string;
  readonly schema: z.ZodType;
  readonly facts: FieldFacts;
  /** Type and range in words, e.g. `integer in [1, 4096]`. */
  readonly expected: string;
  /** As JSON; undefined when the field must be given. */
  readonly defaultJson: string | undefined;
}

const factsBySchema = z.registry<FieldFacts>();

/** Declare a field. Without `default` it is required. */
export function field<S extends z.ZodType>(schema: S, facts: FieldFacts): S;
export function field<S extends z.ZodType>(
  schema: S,
  facts: FieldFacts & { readonly default: z.core.util.NoUndefined<z.output<S>> },
): z.ZodDefault<S>;
export function field(
  schema: z.ZodType,
  { default: value, ...facts }: FieldFacts & { default?: unknown },
): z.ZodType {
  const declared = value === undefined ? schema : schema.default(value);
  factsBySchema.add(declared, facts);
  return declared;
}

/** Declare a group of fields. An absent section stands for the defaults of all its fields. */
export function section<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodPrefault<z.ZodObject<Shape, z.core.$strict>> {
  // Not assignable when a field is required: then parsing {} names that field, which is what we want to hear.
  return z.strictObject(shape).prefault({} as never);
}

/** Every field below `schema`, in the order of declaration. */
export function fieldsOf(schema: z.ZodType, prefix = ''): Field[] {
  return Object.entries(shapeOf(schema)).flatMap(([key, member]) => {
    const path = prefix + key;
    const facts = factsBySchema.get(member);
    return facts === undefined ? fieldsOf(member, `${path}.`) : [describeField(path, member, facts)];
  });
}

/** Members of a section, through the wrappers that make it optional. */
function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  let inner: z.ZodType = schema;
  while (inner instanceof z.ZodPrefault || inner instanceof z.ZodDefault || inner instanceof z.ZodNullable) {
    inner = inner.unwrap() as z.ZodType;
  }
  if (!(inner instanceof z.ZodObject)) throw new TypeError('a member is neither a field nor a section');
  return inner.shape;
}

function describeField(path: string, schema: z.ZodType, facts: FieldFacts): Field {
  const json = z.toJSONSchema(schema, { io: 'input' });
  const text = expectation(json);
  return {
    path,
    schema,
    facts,
    expected: facts.isPath === true ? text.replace('non-empty text', 'path') : text,
    defaultJson: json.default === undefined ? undefined : JSON.stringify(json.default),
  };
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

function expectation(json: JsonSchema): string {
  if (json.anyOf !== undefined) return json.anyOf.map((option) => expectation(option)).join(' or ');
  if (json.enum !== undefined) return json.enum.map(String).join(' | ');
  switch (json.type) {
    case 'integer':
    case 'number':
      return `${json.type}${range(json)}`;
    case 'string':
      return json.minLength === undefined ? 'text' : 'non-empty text';
    case 'array':
      if (json.prefixItems !== undefined)
        return `[${json.prefixItems.map((item) => expectation(item as JsonSchema)).join(', ')}]`;
      return `${json.minItems === undefined ? '' : 'non-empty '}list of ${expectation(json.items as JsonSchema)}`;
    case 'object':
      return `map of names to ${expectation(json.additionalProperties as JsonSchema)}`;
    case 'boolean':
      return 'true | false';
    case 'null':
      return 'null';
    default:
      throw new TypeError(`no words for a field of JSON type ${String(json.type)}`);
  }
}

function range({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonSchema): string {
  // In JSON Schema since draft 6 the exclusive bounds are numbers; the type still allows draft 4's booleans.
  const low = (exclusiveMinimum ?? minimum) as number | undefined;
  const high = (exclusiveMaximum ?? maximum) as number | undefined;
  const hasLow = low !== undefined && low > Number.MIN_SAFE_INTEGER;
  const hasHigh = high !== undefined && high < Number.MAX_SAFE_INTEGER;
  const open = exclusiveMinimum === undefined ? '[' : '(';
  const close = exclusiveMaximum === undefined ? ']' : ')';
  if (hasLow && hasHigh) return ` in ${open}${low}, ${high}${close}`;
  if (hasLow) return exclusiveMinimum === undefined ? ` >= ${low}` : ` > ${low}`;
  if (hasHigh) return exclusiveMaximum === undefined ? ` <= ${high}` : ` < ${high}`;
  return '';
}
