/** The API, as its own document tells it: every operation with what it needs, takes and answers. */
import { Badge, Code, CloseButton, Stack, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { Icon } from '~/components/icon';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';

interface Shape {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  const?: unknown;
  items?: Shape;
  properties?: Record<string, Shape>;
  required?: string[];
  allOf?: Shape[];
  oneOf?: Shape[];
  anyOf?: Shape[];
  description?: string;
}
interface Body {
  content?: Record<string, { schema?: Shape }>;
  description?: string;
}
interface Operation {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Shape }[];
  requestBody?: Body;
  responses?: Record<string, Body>;
}
interface Document {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Shape> };
}
type Schemas = Record<string, Shape>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
/** How deep things in things are told; deeper ones by their name. */
const DEEPEST = 3;

export function Reference() {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const document = useQuery({
    queryKey: ['openapi'],
    queryFn: async () => (await done(client.GET('/api/v1/openapi.json' as '/api/v1/permissions'))) as unknown as Document,
    staleTime: Infinity,
  });
  if (document.error) return <ProblemBox error={document.error} retry={() => void document.refetch()} />;
  if (!document.data) return <Waiting />;
  const schemas = document.data.components?.schemas ?? {};
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const all = Object.entries(document.data.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ path, method, operation, tag: operation.tags?.[0] ?? '' }] : [];
    }),
  );
  const seen = all.filter(({ path, method, operation, tag }) => {
    const said = [method, path, tag, operation.summary, operation.description].join(' ').toLowerCase();
    return words.every((word) => said.includes(word));
  });
  return (
    <Page title={t('reference.title', { version: document.data.info.version })} text={t('reference.text')}>
      <Text size="sm">
        <a href="/api/v1/openapi.json" download="phonebox-openapi.json">
          {t('reference.download')}
        </a>
      </Text>
      <pre className="file">{`curl -k -H "Authorization: Bearer SECRET" ${window.location.origin}/api/v1/devices`}</pre>
      <TextInput
        type="search"
        aria-label={t('reference.search')}
        placeholder={t('reference.search')}
        leftSection={<Icon name="search" />}
        value={text}
        onChange={(event) => { setText(event.currentTarget.value); }}
        rightSection={text && <CloseButton size="sm" aria-label={t('people.clear')} onClick={() => { setText(''); }} />}
      />
      {seen.length === 0 && <Empty icon="search" title={t('reference.none')} text={t('reference.noneText')} />}
      {[...new Set(seen.map(({ tag }) => tag))].map((tag) => (
        <section key={tag}>
          <Title order={2} size="h5" mb="xs" id={tag}>
            {tag}
          </Title>
          <ul className="feed">
            {seen
              .filter((one) => one.tag === tag)
              .map(({ path, method, operation }) => (
                <li key={method + path}>
                  <One method={method} path={path} operation={operation} schemas={schemas} />
                </li>
              ))}
          </ul>
        </section>
      ))}
    </Page>
  );
}

function One({ method, path, operation, schemas }: { method: string; path: string; operation: Operation; schemas: Schemas }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => { setOpen(event.currentTarget.open); }}>
      <summary>
        <Badge variant="default" radius="sm" w={76}>
          {method}
        </Badge>{' '}
        <span className="mono">{path}</span> <span className="second">{operation.summary}</span>
      </summary>
      {open && (
        <Stack gap="xs" pt="xs">
          {operation.description && <Text size="sm">{operation.description}</Text>}
          {operation.parameters && operation.parameters.length > 0 && (
            <Part title={t('reference.parameters')}>
              <ul>
                {operation.parameters.map(({ name, in: place, required, description, schema }) => (
                  <li key={place + name}>
                    <Code>{name}</Code> {typeOf(schema)} · {place}
                    {required && ` · ${t('reference.required')}`} {description && <span className="second">{description}</span>}
                  </li>
                ))}
              </ul>
            </Part>
          )}
          {operation.requestBody && (
            <Part title={t('reference.takes')}>
              <Content of={operation.requestBody} schemas={schemas} />
            </Part>
          )}
          {Object.entries(operation.responses ?? {}).map(([status, response]) => (
            <Part key={status} title={`${t('reference.answers')} ${status === 'default' ? t('reference.otherwise') : status}`}>
              <Content of={response} schemas={schemas} />
            </Part>
          ))}
        </Stack>
      )}
    </details>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      {children}
    </div>
  );
}

function Content({ of: body, schemas }: { of: Body; schemas: Schemas }) {
  return (
    <>
      {body.description && <Text size="sm" c="dimmed">{body.description}</Text>}
      {Object.entries(body.content ?? {}).map(([kind, { schema }]) => (
        <div key={kind}>
          <span className="second">{kind}</span> {typeOf(schema)}
          <Fields of={schema} schemas={schemas} depth={0} />
        </div>
      ))}
    </>
  );
}

const named = (shape?: Shape) => shape?.$ref?.split('/').pop();

/** In a word or two. */
function typeOf(shape?: Shape): string {
  if (!shape) return '';
  const name = named(shape);
  if (name) return name;
  const several = shape.oneOf ?? shape.anyOf;
  if (several) return several.map(typeOf).filter(Boolean).join(' | ');
  if (shape.allOf) return shape.allOf.map(typeOf).filter(Boolean).join(' & ');
  if (shape.enum) return shape.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (shape.items) return `[${typeOf(shape.items)}]`;
  const type = Array.isArray(shape.type) ? shape.type.join(' | ') : (shape.type ?? '');
  return shape.format ? `${type} (${shape.format})` : type;
}

/** All the fields, of whatever parts it has. */
function fieldsOf(shape: Shape | undefined, schemas: Schemas, depth = 0): [string, Shape, boolean][] {
  if (!shape || depth > DEEPEST) return [];
  const name = named(shape);
  if (name) return fieldsOf(schemas[name], schemas, depth + 1);
  const parts = [...(shape.allOf ?? []), ...(shape.oneOf ?? []), ...(shape.anyOf ?? []), ...(shape.items ? [shape.items] : [])];
  const own = Object.entries(shape.properties ?? {}).map(([name, field]): [string, Shape, boolean] => [name, field, shape.required?.includes(name) ?? false]);
  return [...own, ...parts.flatMap((part) => fieldsOf(part, schemas, depth + 1))];
}

function Fields({ of: shape, schemas, depth }: { of?: Shape; schemas: Schemas; depth: number }) {
  const { t } = useTranslation();
  const fields = depth > DEEPEST ? [] : fieldsOf(shape, schemas);
  if (fields.length === 0) return null;
  return (
    <ul>
      {fields.map(([name, field, required], place) => (
        <li key={`${name} ${String(place)}`}>
          <Code>{name}</Code> {typeOf(field)}
          {required && ` · ${t('reference.required')}`} {field.description && <span className="second">{field.description}</span>}
          <Fields of={field} schemas={schemas} depth={depth + 1} />
        </li>
      ))}
    </ul>
  );
}
