/** What everybody may read before logging in (ALE-018). */
import { Anchor, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { useContact } from '~/api/contact';
import { client, done } from '~/api/client';

export function Foot() {
  const { t } = useTranslation();
  const contact = useContact();
  const door = useQuery({ queryKey: ['sign-up'], queryFn: () => done(client.GET('/api/v1/sign-up')), staleTime: 60_000 });
  return (
    <Group component="footer" gap="xs md" justify="center" py="md">
      {door.data?.open && (
        <Anchor component={Link} to="/sign-up" size="sm">
          {t('nav.signUp')}
        </Anchor>
      )}
      <Anchor href={contact.data?.privacy ?? '/help/privacy'} target="_blank" rel="noopener" size="sm">
        {t('nav.privacy')}
      </Anchor>
      <Anchor component={Link} to="/feedback" size="sm">
        {t('nav.feedback')}
      </Anchor>
      <Anchor component={Link} to="/documents" size="sm">
        {t('nav.documents')}
      </Anchor>
      <Anchor href="/help" target="_blank" rel="noopener" size="sm">
        {t('app.help')}
      </Anchor>
    </Group>
  );
}
