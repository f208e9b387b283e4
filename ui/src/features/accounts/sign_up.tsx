/** Asking for an account, before anybody is known. */
import { Anchor, Checkbox, NativeSelect, SimpleGrid, Text, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { client, done, type Schema } from '~/api/client';
import { Doorway } from '~/components/card';
import { Form, useFields } from '~/components/form';
import { Notice } from '~/components/notice';
import { Waiting } from '~/components/page';
import { ProblemBox } from '~/components/problem';
import { LANGUAGES } from '~/lib/i18n';

type Kind = Schema<'AccountView'>['kind'];
const KINDS: Kind[] = ['customer', 'reseller', 'provider'];

export function SignUp() {
  const { t } = useTranslation();
  const door = useQuery({ queryKey: ['sign-up'], queryFn: () => done(client.GET('/api/v1/sign-up')) });
  const [sent, setSent] = useState<string>();
  const text = sent ? undefined : door.data?.open ? t('signUp.text') : t('signUp.closed');
  return (
    <Doorway title={t('signUp.title')} text={door.data ? text : undefined}>
      {door.isPending && <Waiting />}
      {door.error && <ProblemBox error={door.error} retry={() => void door.refetch()} />}
      {sent && (
        <Notice tone="good" role="status">
          {t('signUp.sent', { email: sent })}
        </Notice>
      )}
      {door.data?.open && !sent && <Ask told={setSent} />}
      <Text size="sm">
        <Anchor component={Link} to="/">
          {t('forgotten.login')}
        </Anchor>
      </Text>
    </Doorway>
  );
}

function Ask({ told }: { told: (email: string) => void }) {
  const { t, i18n } = useTranslation();
  const [terms, setTerms] = useState(false);
  const { fields, field } = useFields({
    kind: 'customer', company: '', first: '', last: '', email: '', phone: '', address: '', country: '', remark: '', id: '', locale: i18n.language,
  });
  const isCustomer = fields.kind === 'customer';
  const ask = useMutation({
    mutationFn: () => {
      const { kind, company, first, last, id, ...more } = fields;
      const contact = [first, last].map((word) => word.trim()).join(' ');
      const known = isCustomer ? { reference: id || undefined } : { link_id: id || undefined };
      return done(client.POST('/api/v1/sign-up', { body: { ...more, ...known, kind: kind as Kind, company, contact, terms } }));
    },
    onSuccess: () => { told(fields.email); },
  });
  return (
    <Form change={ask} label={t('signUp.ask')}>
      <NativeSelect label={t('signUp.relationship')} {...field('kind')} data={KINDS.map((kind) => ({ value: kind, label: t(`signUp.kinds.${kind}`) }))} />
      <TextInput
        label={isCustomer ? t('accounts.reference') : t('accounts.linkId')}
        description={isCustomer ? t('signUp.referenceHint') : t('signUp.linkIdHint')}
        {...field('id')}
        inputMode={isCustomer ? 'numeric' : 'text'}
      />
      <TextInput label={t('signUp.company')} {...field('company')} required autoComplete="organization" />
      <SimpleGrid cols={2}>
        <TextInput label={t('signUp.first')} {...field('first')} required autoComplete="given-name" />
        <TextInput label={t('signUp.last')} {...field('last')} required autoComplete="family-name" />
      </SimpleGrid>
      <TextInput type="email" label={t('signUp.email')} description={t('signUp.emailHint')} {...field('email')} required autoComplete="email" />
      <TextInput type="tel" label={t('signUp.phone')} {...field('phone')} autoComplete="tel" />
      <TextInput label={t('signUp.address')} {...field('address')} autoComplete="street-address" />
      <TextInput label={t('accounts.country')} {...field('country')} autoComplete="country-name" />
      <NativeSelect label={t('signUp.locale')} {...field('locale')} data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))} />
      <Textarea label={t('signUp.remark')} {...field('remark')} />
      <Checkbox label={t('signUp.terms')} required checked={terms} onChange={(event) => { setTerms(event.currentTarget.checked); }} />
    </Form>
  );
}
