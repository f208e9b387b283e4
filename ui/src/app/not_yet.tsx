/** A page whose engine is not there yet says so. */
import { useTranslation } from 'react-i18next';
import { Empty, Page } from '~/components/page';

export function MailNotYet() {
  const { t } = useTranslation();
  return (
    <Page title={t('nav.mail')}>
      <Empty icon="mail" title={t('notYet.title')} text={t('notYet.mail')} />
    </Page>
  );
}
