/** One company: its words, its switches, and adding one below. */
import { Button, Checkbox, Group, NativeSelect, Stack, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useEnter, useMay, useSession } from '~/api/session';
import { ConfirmButton } from '~/components/confirm';
import { Dialog, Form, orNull, useFields } from '~/components/form';
import { ProblemBox } from '~/components/problem';

type Account = Schema<'AccountView'>;
type Kind = Account['kind'];
const TOUCHED = ['accounts', 'users', 'session'];
const CONTACT = ['contact', 'phone', 'email', 'address', 'country', 'reference', 'remark'] as const;
/** What may stand below what (AVA-010). */
const BELOW: Record<string, Kind[]> = { provider: ['customer', 'reseller'], reseller: ['customer'], customer: [] };

export function AccountDialog({ account, close }: { account: Account | 'new' | undefined; close: () => void }) {
  const { t } = useTranslation();
  const known = account === 'new' ? undefined : account;
  return (
    <Dialog opened={account !== undefined} close={close} title={known?.name ?? t('accounts.add')}>
      {account && <AccountForm account={known} close={close} />}
    </Dialog>
  );
}

export function AccountForm({ account, close }: { account?: Account; close?: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { data: session } = useSession();
  const kinds = BELOW[session?.account.kind ?? ''] ?? [];
  const [kind, setKind] = useState<Kind>(kinds[0] ?? 'customer');
  const [twoFactor, setTwoFactor] = useState(account?.two_factor ?? false);
  const { fields, field } = useFields({
    name: account?.name ?? '',
    contact: account?.contact ?? '',
    phone: account?.phone ?? '',
    email: account?.email ?? '',
    address: account?.address ?? '',
    country: account?.country ?? '',
    reference: account?.reference ?? '',
    remark: account?.remark ?? '',
  });
  const save = useChange(
    () => {
      const { name, reference, ...contact } = orNull(fields);
      // Said from above only.
      const words = { ...contact, name: name ?? '', two_factor: twoFactor, ...(account?.depth !== 0 && { reference }) };
      return account
        ? done(client.PATCH('/api/v1/accounts/{id}', { params: { path: { id: account.id } }, body: words }))
        : done(client.POST('/api/v1/accounts', { body: { ...words, kind } }));
    },
    TOUCHED,
    close,
  );
  const mayChange = may(account ? 'account.write' : 'account.add');
  return (
    <Stack>
      <Form change={save} label={t('app.save')} cancel={close}>
        <TextInput label={t('people.name')} {...field('name')} required data-autofocus readOnly={!mayChange} />
        {!account && kinds.length > 1 && (
          <NativeSelect
            label={t('accounts.kind')}
            value={kind}
            onChange={(event) => { setKind(event.currentTarget.value as Kind); }}
            data={kinds.map((kind) => ({ value: kind, label: t(`accounts.kinds.${kind}`) }))}
          />
        )}
        {CONTACT.filter((name) => name !== 'reference' || account?.depth !== 0).map((name) =>
          name === 'address' || name === 'remark' ? (
            <Textarea key={name} label={t(`accounts.${name}`)} {...field(name)} autosize readOnly={!mayChange} />
          ) : (
            <TextInput key={name} label={t(`accounts.${name}`)} {...field(name)} readOnly={!mayChange} />
          ),
        )}
        <Checkbox
          label={t('accounts.twoFactor')}
          checked={twoFactor}
          disabled={!mayChange}
          onChange={(event) => { setTwoFactor(event.currentTarget.checked); }}
        />
      </Form>
      {account && account.depth > 0 && close && <Acts account={account} close={close} />}
    </Stack>
  );
}

function Acts({ account, close }: { account: Account; close: () => void }) {
  const { t } = useTranslation();
  const may = useMay();
  const params = { path: { id: account.id } };
  const enable = useChange(() => done(client.POST('/api/v1/accounts/{id}/enable', { params })), TOUCHED, close);
  const disable = useChange(() => done(client.POST('/api/v1/accounts/{id}/disable', { params })), TOUCHED, close);
  const enter = useEnter();
  const go = useNavigate();
  const inside = useChange(() => done(client.POST('/api/v1/switch', { body: { account: account.id } })), [], (session) => {
    close();
    enter(session);
    void go('/');
  });
  const remove = useChange(
    () => done(client.DELETE('/api/v1/accounts/{id}', { params: { ...params, query: { with_below: account.accounts > 0 || undefined } } })),
    TOUCHED,
    close,
  );
  return (
    <>
      {(enable.error ?? inside.error) && <ProblemBox error={(enable.error ?? inside.error) as Error} />}
      <Group gap="xs">
        {may('account.switch') && account.enabled && (
          <Button size="xs" loading={inside.isPending} onClick={() => { inside.mutate(); }}>
            {t('acting.enter')}
          </Button>
        )}
        {may('account.enable') &&
          (account.enabled ? (
            <ConfirmButton size="xs" variant="default" label={t('accounts.disable')} text={t('accounts.disableText')} act={disable} />
          ) : (
            <Button size="xs" variant="default" loading={enable.isPending} onClick={() => { enable.mutate(); }}>
              {t('accounts.enable')}
            </Button>
          ))}
        {may('account.delete') && <ConfirmButton size="xs" variant="default" label={t('devices.remove')} text={t('accounts.removeText')} act={remove} />}
      </Group>
    </>
  );
}
