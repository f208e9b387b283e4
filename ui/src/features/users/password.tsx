/** Changing one's own password. Every other session of the user ends. */
import { PasswordInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { useRenew } from '~/api/session';
import { Form, useFields } from '~/components/form';
import { Notice } from '~/components/notice';
import { NewPassword } from './new_password';

const NONE = { old: '', new: '', again: '' };

export function PasswordForm() {
  const { t } = useTranslation();
  const renew = useRenew();
  const { fields, field, setFields } = useFields(NONE);
  const change = useMutation({
    mutationFn: () => done(client.PUT('/api/v1/me/password', { body: { old: fields.old, new: fields.new } })),
    onSuccess: (session) => {
      setFields(NONE);
      renew(session);
    },
  });
  return (
    <Form change={change} label={t('me.changePassword')}>
      {change.isSuccess && (
        <Notice tone="good" role="status">
          {t('me.passwordChanged')}
        </Notice>
      )}
      <PasswordInput label={t('me.oldPassword')} {...field('old')} required autoComplete="current-password" />
      <NewPassword label={t('people.newPassword')} hint={t('people.passwordHint')} first={field('new')} again={field('again')} />
    </Form>
  );
}
