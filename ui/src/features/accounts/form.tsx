/** The words of a company. Which of them there are depends on its kind; adding one may make its first administrator too. */
import { Button, Checkbox, Fieldset, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { client, done, type Schema } from '~/api/client';
import { useChange } from '~/api/hooks';
import { useMay, useSession } from '~/api/session';
import { Copyable } from '~/components/copy';
import { Dialog, Form, orNull, useFields } from '~/components/form';
import { absolute } from '~/lib/format';
import { LANGUAGES } from '~/lib/i18n';

export type Account = Schema<'AccountView'>;
type Kind = Account['kind'];
type Link = Schema<'PasswordLink'>;
export const TOUCHED = ['accounts', 'users', 'session', 'alarms'];
const CONTACT = ['contact', 'phone', 'email', 'address', 'country', 'remark'] as const;
/** What may stand below what (AVA-010). */
const BELOW: Record<string, Kind[]> = { provider: ['customer', 'reseller'], reseller: ['customer'], customer: [] };

/** What may be added where whoever is logged in works. */
export function useKinds(): Kind[] {
  const { data: session } = useSession();
  return BELOW[(session?.acting_in ?? session?.account)?.kind ?? ''] ?? [];
}

export function AddAccount({ opened, close }: { opened: boolean; close: () => void }) {
  const { t } = useTranslation();
  const [link, setLink] = useState<Link>();
  const shut = () => {
    setLink(undefined);
    close();
  };
  return (
    <Dialog opened={opened} close={shut} title={t('accounts.add')}>
      {link ? <HandOver link={link} close={shut} /> : <AccountForm close={shut} handOver={setLink} />}
    </Dialog>
  );
}

/** Until the box can send mails, whoever made the account is the postman. */
function HandOver({ link, close }: { link: Link; close: () => void }) {
  const { t } = useTranslation();
  return (
    <Stack>
      <Text size="sm">{t('people.handOver', { until: absolute(link.expires_at) })}</Text>
      <Copyable text={link.url ?? new URL(link.path, window.location.origin).href} />
      <Button onClick={close}>{t('app.close')}</Button>
    </Stack>
  );
}

export function AccountForm({ account, close, handOver }: { account?: Account; close?: () => void; handOver?: (link: Link) => void }) {
  const { t, i18n } = useTranslation();
  const may = useMay();
  const kinds = useKinds();
  const [kind, setKind] = useState<Kind>(account?.kind ?? kinds[0] ?? 'customer');
  const [twoFactor, setTwoFactor] = useState(account?.two_factor ?? false);
  const { fields, field } = useFields({
    name: account?.name ?? '',
    contact: account?.contact ?? '',
    phone: account?.phone ?? '',
    email: account?.email ?? '',
    address: account?.address ?? '',
    country: account?.country ?? '',
    remark: account?.remark ?? '',
    reference: account?.reference ?? '',
    link_id: account?.link_id ?? '',
  });
  const first = useFields({ name: '', email: '', login: '', locale: i18n.language });
  // Said from above only.
  const hasReference = kind === 'customer' && account?.depth !== 0;
  const save = useChange(
    async () => {
      const { name, reference, link_id, ...contact } = orNull(fields);
      const own = { ...(hasReference && { reference }), ...(kind !== 'customer' && { link_id }) };
      const body = { ...contact, ...own, name: name ?? '', two_factor: twoFactor };
      if (account) {
        await done(client.PATCH('/api/v1/accounts/{id}', { params: { path: { id: account.id } }, body }));
        return null;
      }
      const { name: called, email, login, locale } = first.fields;
      const administrator = called || email ? { name: called, email, login: login || undefined, locale } : undefined;
      return (await done(client.POST('/api/v1/accounts', { body: { ...body, kind, administrator } }))).link ?? null;
    },
    TOUCHED,
    (link) => { if (link && handOver) handOver(link); else close?.(); },
  );
  const mayChange = may(account ? 'account.write' : 'account.add');
  return (
    <Form change={save} label={t('app.save')} cancel={close}>
      {!account && kinds.length > 1 && (
        <NativeSelect
          label={t('accounts.kind')}
          value={kind}
          onChange={(event) => { setKind(event.currentTarget.value as Kind); }}
          data={kinds.map((kind) => ({ value: kind, label: t(`accounts.kinds.${kind}`) }))}
        />
      )}
      <TextInput label={t('people.name')} {...field('name')} required data-autofocus readOnly={!mayChange} />
      {CONTACT.map((name) => (
        <TextInput key={name} label={t(`accounts.${name}`)} {...field(name)} type={name === 'email' ? 'email' : 'text'} readOnly={!mayChange} />
      ))}
      {hasReference && (
        <TextInput label={t('accounts.reference')} description={t('accounts.referenceHint')} {...field('reference')} inputMode="numeric" readOnly={!mayChange} />
      )}
      {kind !== 'customer' && (account?.id !== 1 || account.accounts > 0) && (
        <TextInput label={t('accounts.linkId')} description={t('accounts.linkIdHint')} {...field('link_id')} readOnly={!mayChange} />
      )}
      <Checkbox
        label={t('accounts.twoFactor')}
        checked={twoFactor}
        disabled={!mayChange}
        onChange={(event) => { setTwoFactor(event.currentTarget.checked); }}
      />
      {!account && may('user.write') && (
        <Fieldset legend={t('accounts.first')}>
          <Stack>
            <Text size="sm">{t('accounts.firstText')}</Text>
            <TextInput label={t('accounts.firstName')} {...first.field('name')} />
            <TextInput label={t('accounts.firstEmail')} type="email" {...first.field('email')} />
            <TextInput label={t('people.login')} description={t('setup.loginHint')} {...first.field('login')} autoComplete="off" />
            <NativeSelect label={t('app.language')} {...first.field('locale')} data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))} />
          </Stack>
        </Fieldset>
      )}
    </Form>
  );
}
