/** One user: words and role, data and operations, and what can be done about them. */
import { Button, Checkbox, Group, NativeSelect, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Copyable } from '~/components/copy';
import { Dialog, Form, orNull, useFields } from '~/components/form';
import { Notice } from '~/components/notice';
import { ProblemBox } from '~/components/problem';
import { absolute } from '~/lib/format';
import { languageChoices } from '~/lib/i18n';
import { useOthers, WhoseSelect } from './accounts';
import type { User } from './list';
import { shownAs } from './names';
import { NewPassword } from './new_password';
import { PermissionGrid } from './permissions';
import { ProfileChoice } from './profiles';

type Handed = Pick<Schema<'Handed'>, 'mailed'> & Partial<Schema<'PasswordLink'>> & { withPassword?: boolean };
const TOUCHED = ['users', 'roles', 'user-profiles'];

interface Props {
  user: User | 'new' | undefined;
  /** The role of a new one. */
  role?: string;
  /** Where a new one belongs to; absent: one's own account. */
  account?: string;
  close: () => void;
}

export function UserDialog({ user, role, account, close }: Props) {
  const { t } = useTranslation();
  const [handed, setHanded] = useState<Handed>();
  const known = user === 'new' ? undefined : user;
  return (
    <Dialog opened={user !== undefined} close={close} title={known?.name ?? t('people.add')} size="xl">
      {handed ? (
        <HandOver handed={handed} close={close} />
      ) : (
        user && <Edit user={known} role={role ?? ''} account={account ?? ''} close={close} handOver={setHanded} />
      )}
    </Dialog>
  );
}

/** Mailed; or, where the box sends no mails, its administrator is the postman. */
function HandOver({ handed: { mailed, withPassword, path, url, expires_at }, close }: { handed: Handed; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Stack>
      {mailed && (
        <Notice tone="good" role="status">
          {t(withPassword ? 'people.mailedLogin' : 'people.mailed')}
        </Notice>
      )}
      {path && expires_at && (
        <>
          <Text size="sm">{t('people.handOver', { until: absolute(expires_at) })}</Text>
          <Copyable text={url ?? new URL(path, window.location.origin).href} />
        </>
      )}
      <Button onClick={close}>{t('app.close')}</Button>
    </Stack>
  );
}

interface EditProps {
  user?: User;
  role: string;
  account: string;
  close: () => void;
  handOver: (handed: Handed) => void;
}

function Edit({ user, role, account, close, handOver }: EditProps) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const { data: session } = useSession();
  // What opens one's own account is changed on its own page, with the present password, or by somebody else.
  const isOneself = user !== undefined && user.id === session?.user.id;
  const others = useOthers();
  const roles = useQuery({ queryKey: ['roles'], queryFn: () => done(client.GET('/api/v1/roles')), enabled: may('role.read') });
  const { fields, field, setFields } = useFields({
    account,
    name: user?.name ?? '',
    first_name: user?.first_name ?? '',
    last_name: user?.last_name ?? '',
    email: user?.email ?? '',
    login: user?.login ?? '',
    phone: user?.phone ?? '',
    country: user?.country ?? '',
    remark: user?.remark ?? '',
    role: user ? String(user.role_id) : role,
    locale: user?.locale ?? i18n.language,
    password: '',
    again: '',
  });
  const [twoFactor, setTwoFactor] = useState(user?.two_factor ?? false);
  const [more, setMore] = useState(() => new Set(user?.permissions));
  const [profiles, setProfiles] = useState(user?.profiles ?? undefined);
  const chosenRole = roles.data?.find((one) => String(one.id) === fields.role);
  const save = useChange(
    async (): Promise<Handed | undefined> => {
      const { email, login, locale, password, first_name, last_name, phone, country, remark } = fields;
      const words = { ...shownAs(fields, user?.name), email, locale, login: login || undefined, password: password || undefined, two_factor: twoFactor };
      const role_id = fields.role ? Number(fields.role) : roles.data?.find((one) => one.everything)?.id;
      const lines = orNull({ first_name, last_name, phone, country, remark });
      const permissions = [...more];
      if (!user) {
        const account_id = fields.account ? Number(fields.account) : undefined;
        const body = { ...words, ...lines, role_id, permissions, profiles: profiles ?? null, account_id };
        const { link, mailed } = await done(client.POST('/api/v1/users', { body }));
        return mailed || link ? { mailed, withPassword: Boolean(password), ...link } : undefined;
      }
      // What says what somebody may do ends their sessions: it is sent where it changed.
      const same = (one: string[], other: string[]) => [...one].sort().join() === [...other].sort().join();
      const rights = {
        ...(role_id !== user.role_id && { role_id }),
        ...(!same(permissions, user.permissions) && { permissions }),
        ...(!same(profiles ?? ['all of them'], user.profiles ?? ['all of them']) && { profiles: profiles ?? null }),
      };
      await done(client.PATCH('/api/v1/users/{id}', { params: { path: { id: user.id } }, body: { ...words, ...lines, ...rights } }));
      return undefined;
    },
    TOUCHED,
    (handed) => { if (handed) handOver(handed); else close(); },
  );
  return (
    <Stack>
      <Form change={save} label={t('app.save')} cancel={close}>
        {user && <Text size="sm" c="dimmed">{t('people.of', { account: user.account })}</Text>}
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          {!user && others && <WhoseSelect value={fields.account} onChange={(account) => { setFields((fields) => ({ ...fields, account, role: '' })); }} />}
          <TextInput label={t('people.firstName')} {...field('first_name')} data-autofocus />
          <TextInput label={t('people.lastName')} {...field('last_name')} />
          <TextInput label={t('people.name')} description={t('people.nameHint')} {...field('name')} />
          <TextInput label={t('people.email')} type="email" {...field('email')} required disabled={isOneself} />
          <TextInput label={t('people.login')} description={t('setup.loginHint')} {...field('login')} autoComplete="off" disabled={isOneself} />
          <NativeSelect
            label={t('people.role')}
            {...field('role')}
            disabled={isOneself}
            data={[...(user ? [] : [{ value: '', label: t('people.everything') }]), ...(roles.data ?? []).map((role) => ({ value: String(role.id), label: role.name }))]}
          />
          <TextInput label={t('people.phone')} {...field('phone')} />
          <TextInput label={t('people.country')} {...field('country')} />
          <TextInput label={t('people.remark')} {...field('remark')} />
          <NativeSelect label={t('app.language')} {...field('locale')} data={languageChoices(user?.locale ?? i18n.language)} />
        </SimpleGrid>
        {!isOneself && (
          <NewPassword
            label={t('people.temporary')}
            hint={user ? t('people.temporaryHint') : t('people.temporaryOrLink')}
            first={field('password')}
            again={field('again')}
            optional
          />
        )}
        <Checkbox label={t('people.mustTwoFactor')} disabled={isOneself} checked={twoFactor} onChange={(event) => { setTwoFactor(event.currentTarget.checked); }} />
        <ProfileChoice user={user} account={user ? String(user.account_id) : fields.account} chosen={profiles} onChange={setProfiles} />
        {!isOneself && !chosenRole?.everything && fields.role !== '' && (
          <details>
            <summary>{t('people.more', { count: more.size })}</summary>
            <PermissionGrid chosen={more} onChange={setMore} given={chosenRole?.permissions} limited={profiles !== undefined || chosenRole?.sites != null} />
          </details>
        )}
      </Form>
      {user && may('user.write') && <Acts user={user} close={close} handOver={handOver} isOneself={isOneself} />}
    </Stack>
  );
}

/** Asked before; thawing shuts nobody out and is not. */
export function FreezeButton({ user, then }: { user: User; then?: () => void }) {
  const { t } = useTranslation();
  const params = { path: { id: user.id } };
  const freeze = useChange(() => done(client.POST('/api/v1/users/{id}/freeze', { params })), TOUCHED, then);
  const thaw = useChange(() => done(client.POST('/api/v1/users/{id}/unfreeze', { params })), TOUCHED, then);
  if (user.state !== 'frozen') return <ConfirmButton size="xs" variant="default" label={t('people.freeze')} text={t('people.freezeText', { name: user.name })} act={freeze} />;
  return (
    <>
      <Button size="xs" variant="default" loading={thaw.isPending} onClick={() => { thaw.mutate(); }}>
        {t('people.unfreeze')}
      </Button>
      {thaw.error && <ProblemBox error={thaw.error} />}
    </>
  );
}

function Acts({ user, close, handOver, isOneself }: { user: User; close: () => void; handOver: (handed: Handed) => void; isOneself: boolean }) {
  const { t } = useTranslation();
  const may = useMay();
  const params = { path: { id: user.id } };
  const link = useChange(() => done(client.POST('/api/v1/users/{id}/password-link', { params })), TOUCHED, handOver);
  const noApp = useChange(() => done(client.DELETE('/api/v1/users/{id}/totp', { params })), TOUCHED, close);
  const remove = useChange(() => done(client.DELETE('/api/v1/users/{id}', { params })), TOUCHED, close);
  return (
    <>
      {link.error && <ProblemBox error={link.error} />}
      <Group gap="xs">
        {!isOneself && <FreezeButton user={user} then={close} />}
        {!isOneself && (
          <Button size="xs" variant="default" loading={link.isPending} onClick={() => { link.mutate(); }}>
            {t('people.link')}
          </Button>
        )}
        {user.totp && !isOneself && <ConfirmButton size="xs" variant="default" label={t('people.noApp')} text={t('people.noAppText')} act={noApp} />}
        {may('user.delete') && !isOneself && <ConfirmButton size="xs" variant="default" label={t('devices.remove')} text={t('people.removeText')} act={remove} />}
      </Group>
    </>
  );
}
