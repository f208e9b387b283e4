/** What everybody may know before they log in: what is kept of them, where to read on, whom to tell. */
import { Anchor, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { Doorway } from '~/components/card';

export function About() {
  const { t } = useTranslation();
  const parts = ['privacy', 'documents', 'feedback'] as const;
  return (
    <Doorway title={t('about.title')}>
      {parts.map((part) => (
        <section key={part}>
          <Title order={2} size="h5">
            {t(`about.${part}`)}
          </Title>
          <Text size="sm">{t(`about.${part}Text`)}</Text>
          {part === 'documents' && (
            <Anchor component={Link} to="/apidocs/" size="sm">
              {t('keys.documents')}
            </Anchor>
          )}
        </section>
      ))}
      <Anchor component={Link} to="/" size="sm">
        {t('forgotten.login')}
      </Anchor>
    </Doorway>
  );
}
