/** The first run: the setup code of the start screen opens the box to its first user. */
import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { useEnter } from '~/api/session';
import { Doorway } from '~/components/card';
import { Form, useFields } from '~/components/form';
import { NewPassword } from './new_password';

export function Setup() {
  const { t, i18n } = useTranslation();
  const enter = useEnter();
  const { fields, field } = useFields({ code: '', company: '', name: '', email: '', login: '', password: '', again: '' });
  const setup = useMutation({
    mutationFn: () => {
      const { code, company, name, email, login, password } = fields;
      const user = { name, email, login: login || email, password, locale: i18n.language };
      return done(client.POST('/api/v1/setup', { body: { code, account: { name: company }, user } }));
    },
    onSuccess: enter,
  });
  return (
    <Doorway title={t('setup.title')} text={t('setup.text')}>
      <Form change={setup} label={t('setup.enter')}>
        <TextInput label={t('setup.code')} description={t('setup.codeHint')} {...field('code')} required autoFocus autoComplete="off" className="mono" />
        <TextInput label={t('setup.company')} {...field('company')} required autoComplete="organization" />
        <TextInput label={t('people.name')} {...field('name')} required autoComplete="name" />
        <TextInput label={t('people.email')} type="email" {...field('email')} required autoComplete="email" />
        <TextInput label={t('people.login')} description={t('setup.loginHint')} {...field('login')} autoComplete="username" />
        <NewPassword label={t('people.password')} hint={t('people.passwordHint')} first={field('password')} again={field('again')} />
      </Form>
    </Doorway>
  );
}
