/** One user: words and role, and what can be done about them. */
import { Button, Checkbox, Group, NativeSelect, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Copyable } from '~/components/copy';
import { Dialog, Form, useFields } from '~/components/form';
import { ProblemBox } from '~/components/problem';
import { absolute } from '~/lib/format';
import { LANGUAGES } from '~/lib/i18n';
import type { User } from './list';

type Link = Schema<'PasswordLink'>;
const TOUCHED = ['users', 'roles'];

export function UserDialog({ user, close }: { user: User | 'new' | undefined; close: () => void }) {
  const { t } = useTranslation();
  const [link, setLink] = useState<Link>();
  const known = user === 'new' ? undefined : user;
  return (
    <Dialog opened={user !== undefined} close={close} title={known?.name ?? t('people.add')}>
      {link ? <HandOver link={link} close={close} /> : user && <Edit user={known} close={close} handOver={setLink} />}
    </Dialog>
  );
}

/** Until the box can send mails, its administrator is the postman. */
function HandOver({ link, close }: { link: Link; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Stack>
      <Text size="sm">{t('people.handOver', { until: absolute(link.expires_at) })}</Text>
      <Copyable text={new URL(link.path, window.location.origin).href} />
      <Button onClick={close}>{t('app.close')}</Button>
    </Stack>
  );
}

function Edit({ user, close, handOver }: { user?: User; close: () => void; handOver: (link: Link) => void }) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const roles = useQuery({ queryKey: ['roles'], queryFn: () => done(client.GET('/api/v1/roles')) });
  const { fields, field } = useFields({
    name: user?.name ?? '',
    email: user?.email ?? '',
    login: user?.login ?? '',
    role: user ? String(user.role_id) : '',
    locale: user?.locale ?? i18n.language,
    password: '',
  });
  const [twoFactor, setTwoFactor] = useState(user?.two_factor ?? false);
  const save = useChange(
    async () => {
      const { name, email, login, locale, password } = fields;
      const role = fields.role ? Number(fields.role) : undefined;
      const body = { name, email, locale, role_id: role, two_factor: twoFactor, login: login || undefined, password: password || undefined };
      if (user) {
        await done(client.PATCH('/api/v1/users/{id}', { params: { path: { id: user.id } }, body }));
        return undefined;
      }
      return (await done(client.POST('/api/v1/users', { body: { ...body, permissions: [] } }))).link ?? undefined;
    },
    TOUCHED,
    (link) => { if (link) handOver(link); else close(); },
  );
  return (
    <Stack>
      <Form change={save} label={t('app.save')} cancel={close}>
        <TextInput label={t('people.name')} {...field('name')} required data-autofocus />
        <TextInput label={t('people.email')} type="email" {...field('email')} required />
        <TextInput label={t('people.login')} description={t('setup.loginHint')} {...field('login')} autoComplete="off" />
        <NativeSelect
          label={t('people.role')}
          {...field('role')}
          data={[...(user ? [] : [{ value: '', label: t('people.everything') }]), ...(roles.data ?? []).map((role) => ({ value: String(role.id), label: role.name }))]}
        />
        <NativeSelect label={t('app.language')} {...field('locale')} data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))} />
        <PasswordInput label={t('people.temporary')} description={user ? t('people.temporaryHint') : t('people.temporaryOrLink')} {...field('password')} autoComplete="new-password" />
        <Checkbox label={t('people.mustTwoFactor')} checked={twoFactor} onChange={(event) => { setTwoFactor(event.currentTarget.checked); }} />
      </Form>
      {user && may('user.write') && <Acts user={user} close={close} handOver={handOver} />}
    </Stack>
  );
}

function Acts({ user, close, handOver }: { user: User; close: () => void; handOver: (link: Link) => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const params = { path: { id: user.id } };
  const isFrozen = user.state === 'frozen';
  const freeze = useChange(() => done(client.POST(isFrozen ? '/api/v1/users/{id}/unfreeze' : '/api/v1/users/{id}/freeze', { params })), TOUCHED, close);
  const link = useChange(() => done(client.POST('/api/v1/users/{id}/password-link', { params })), TOUCHED, handOver);
  const noApp = useChange(() => done(client.DELETE('/api/v1/users/{id}/totp', { params })), TOUCHED, close);
  const remove = useChange(() => done(client.DELETE('/api/v1/users/{id}', { params })), TOUCHED, close);
  const error = freeze.error ?? link.error ?? noApp.error;
  return (
    <>
      {error && <ProblemBox error={error} />}
      <Group gap="xs">
        <Button size="xs" variant="default" loading={freeze.isPending} onClick={() => { freeze.mutate(); }}>
          {isFrozen ? t('people.unfreeze') : t('people.freeze')}
        </Button>
        <Button size="xs" variant="default" loading={link.isPending} onClick={() => { link.mutate(); }}>
          {t('people.link')}
        </Button>
        {user.totp && (
          <Button size="xs" variant="default" loading={noApp.isPending} onClick={() => { noApp.mutate(); }}>
            {t('people.noApp')}
          </Button>
        )}
        {may('user.delete') && <ConfirmButton size="xs" variant="default" label={t('devices.remove')} text={t('people.removeText')} act={remove} />}
      </Group>
    </>
  );
}
