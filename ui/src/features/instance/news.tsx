/** What the running release brought: the newest part of CHANGELOG.md (AVA-005). */
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { client, done } from '~/api/client';
import { Page } from '~/components/page';
import { Prose } from '~/components/prose';
import changes from '@papers/CHANGELOG.md?raw';

const newest = changes.split(/^## /m)[1]?.split('\n').slice(1).join('\n').trim() ?? '';

export function News() {
  const { t, i18n } = useTranslation();
  const about = useQuery({ queryKey: ['about'], queryFn: () => done(client.GET('/api/v1/about')) });
  return (
    <Page title={t('nav.news')} text={about.data && t('news.of', { version: about.data.version })}>
      {i18n.language !== 'en' && (
        <Text size="sm" c="dimmed">
          {t('news.english')}
        </Text>
      )}
      <div className="help-text" lang="en">
        <Prose text={newest} />
      </div>
    </Page>
  );
}
