/** What can be downloaded to read (ALE-095). */
import { Anchor, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSession } from '~/api/session';
import { Page } from '~/components/page';
import manual from '@papers/README.md?url';
import changes from '@papers/CHANGELOG.md?url';
import support from '@papers/packaging/SUPPORT.md?url';

export function Documents() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const all: [string, 'manual' | 'support' | 'changes' | 'api', string][] = [
    [manual, 'manual', 'phonebox-manual.md'],
    [support, 'support', 'phonebox-supported-phones.md'],
    [changes, 'changes', 'phonebox-changes.md'],
    // The API tells it to whoever is let in.
    ...(session ? [['/api/v1/openapi.json', 'api', 'phonebox-openapi.json'] as [string, 'api', string]] : []),
  ];
  return (
    <Page title={t('nav.documents')} text={t('documents.text')}>
      <ul className="feed">
        {all.map(([href, word, name]) => (
          <li key={word}>
            <Anchor href={href} download={name} size="sm" fw={550}>
              {t(`documents.${word}`)}
            </Anchor>
            <Text size="sm" c="dimmed">
              {t(`documents.${word}Text`)}
            </Text>
          </li>
        ))}
      </ul>
    </Page>
  );
}
