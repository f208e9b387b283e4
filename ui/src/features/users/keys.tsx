/** Keys of programs: made, changed, renewed and taken away here, used elsewhere. */
import { Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Copyable } from '~/components/copy';
import { Dialog, Form, useFields } from '~/components/form';
import { Icon } from '~/components/icon';
import { Empty, Page, Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { Time } from '~/components/time';
import { closed, PermissionGrid, usePermissions } from './permissions';

type Key = Schema<'ApiKey'>;
type NewKey = Pick<Schema<'NewKey'>, 'access_key' | 'secret'>;
const TOUCHED = ['api-keys'];

export function KeyList() {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState<Key | 'new'>();
  const [made, setMade] = useState<NewKey>();
  const keys = useQuery({ queryKey: ['api-keys'], queryFn: () => done(client.GET('/api/v1/api-keys')) });
  const close = () => {
    setOpen(undefined);
    setMade(undefined);
  };
  const known = open === 'new' ? undefined : open;
  return (
    <Page
      title={t('nav.keys')}
      text={t('keys.text')}
      actions={
        <>
          <Button variant="default" component={Link} to="/apidocs/">
            {t('keys.documents')}
          </Button>
          {may('api-key.write') && (
            <Button leftSection={<Icon name="plus" />} onClick={() => { setOpen('new'); }}>
              {t('keys.add')}
            </Button>
          )}
        </>
      }
    >
      {keys.isPending && <Waiting />}
      {keys.error && <ProblemBox error={keys.error} retry={() => void keys.refetch()} />}
      {keys.data?.length === 0 && <Empty icon="key" title={t('keys.empty')} text={t('keys.emptyText')} />}
      {keys.data && keys.data.length > 0 && (
        <ul className="feed">
          {keys.data.map((key) => (
            <KeyRow key={key.id} of={key} show={setMade} edit={() => { setOpen(key); }} />
          ))}
        </ul>
      )}
      <Dialog opened={open !== undefined || made !== undefined} close={close} title={made ? t('keys.secret') : (known?.name ?? t('keys.add'))} size={made ? undefined : 'xl'}>
        {made ? <Once made={made} close={close} /> : <KeyForm of={known} close={close} show={setMade} />}
      </Dialog>
    </Page>
  );
}

function Once({ made, close }: { made: NewKey; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Stack>
      <Text size="sm">{t('keys.id')}</Text>
      <Copyable text={made.access_key} />
      <Text size="sm">{t('keys.once')}</Text>
      <Copyable text={made.secret} />
      <Button onClick={close}>{t('app.close')}</Button>
    </Stack>
  );
}

function KeyRow({ of: key, show, edit }: { of: Key; show: (made: NewKey) => void; edit: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const params = { path: { id: key.id } };
  const renew = useChange(() => done(client.POST('/api/v1/api-keys/{id}/reset', { params })), TOUCHED, show);
  const remove = useChange(() => done(client.DELETE('/api/v1/api-keys/{id}', { params })), TOUCHED);
  return (
    <li>
      <Group justify="space-between" gap="xs">
        <Text size="sm" flex="1 1 18rem">
          <b>{key.name}</b> <span className="mono">{key.access_key}</span>
          <br />
          <span className="second">
            {key.everything ? t('roles.everything') : t('roles.count', { count: key.permissions.length })} · {t('keys.used')} <Time at={key.last_used_at} />
            {key.expires_at && <> · {t('keys.expires')} <Time at={key.expires_at} /></>}
            {key.sources.length > 0 && ` · ${key.sources.join(', ')}`}
            {key.callback && ` · ${key.callback}`}
          </span>
        </Text>
        {may('api-key.write') && (
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={edit}>
              {t('devices.edit')}
            </Button>
            <ConfirmButton size="xs" variant="default" label={t('keys.renew')} text={t('keys.renewText')} act={renew} />
            <ConfirmButton size="xs" variant="default" label={t('devices.remove')} text={t('keys.removeText')} act={remove} />
          </Group>
        )}
      </Group>
    </li>
  );
}

/** A day of this computer's calendar, as its field wants it. */
function day(at?: number | null): string {
  if (at == null) return '';
  const date = new Date(at);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}

function KeyForm({ of: key, close, show }: { of?: Key; close: () => void; show: (made: NewKey) => void }) {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const may = useMay();
  const table = usePermissions();
  const { fields, field } = useFields({
    name: key?.name ?? '',
    expires: day(key?.expires_at),
    sources: key?.sources.join(', ') ?? '',
    callback: key?.callback ?? '',
  });
  const [everything, setEverything] = useState(key?.everything ?? false);
  const [chosen, setChosen] = useState(() => new Set(key ? key.permissions : session?.permissions.filter((name) => name.endsWith('.read'))));
  const save = useChange(
    async () => {
      const permissions = everything ? undefined : [...closed(chosen, table.data ?? [])];
      const expires_at = fields.expires === day(key?.expires_at) ? (key?.expires_at ?? null) : fields.expires ? new Date(`${fields.expires}T00:00`).getTime() : null;
      const body = { name: fields.name, permissions, sources: fields.sources.split(/[\s,]+/).filter(Boolean), expires_at, callback: fields.callback.trim() || null };
      if (!key) return done(client.POST('/api/v1/api-keys', { body }));
      await done(client.PATCH('/api/v1/api-keys/{id}', { params: { path: { id: key.id } }, body }));
      return undefined;
    },
    TOUCHED,
    (made) => { if (made) show(made); else close(); },
  );
  return (
    <Form change={save} label={key ? t('app.save') : t('keys.make')} cancel={close}>
      <TextInput label={t('people.name')} {...field('name')} required data-autofocus />
      <Group align="flex-start" grow>
        <TextInput label={t('keys.expires')} description={t('keys.expiresHint')} type="date" {...field('expires')} />
        <TextInput label={t('keys.sources')} description={t('keys.sourcesHint')} {...field('sources')} />
      </Group>
      {(may('webhook.write') || key?.callback) && (
        <TextInput label={t('keys.callback')} description={t('keys.callbackHint')} type="url" {...field('callback')} readOnly={!may('webhook.write')} />
      )}
      {(!key || key.everything) && (
        <Checkbox
          label={t('keys.everything')}
          description={t('keys.everythingHint')}
          checked={everything}
          onChange={(event) => { setEverything(event.currentTarget.checked); }}
        />
      )}
      {!everything && <PermissionGrid chosen={chosen} onChange={setChosen} />}
    </Form>
  );
}
