/** A page whose engine is not there yet says so. */
import { useTranslation } from 'react-i18next';
import { Empty, Page } from '~/components/page';

export function NotYet({ word }: { word: 'keys' | 'mail' }) {
  const { t } = useTranslation();
  return (
    <Page title={t(`nav.${word}`)}>
      <Empty icon={word === 'keys' ? 'key' : 'mail'} title={t('notYet.title')} text={t(`notYet.${word}`)} />
    </Page>
  );
}
