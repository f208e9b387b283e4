/** Language and colours: reachable before anybody logs in. */
import { ActionIcon, Menu, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Icon } from '~/components/icon';
import { chooseLanguage, LANGUAGES, type Language } from '~/lib/i18n';

const SCHEMES: MantineColorScheme[] = ['light', 'dark', 'auto'];

export function Controls() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('app.language')}>
            <Icon name="globe" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {Object.entries(LANGUAGES).map(([language, name]) => (
            <Menu.Item
              key={language}
              lang={language}
              leftSection={<Mark on={i18n.language === language} />}
              onClick={() => void chooseLanguage(language as Language)}
            >
              {name}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t('app.scheme')}>
            <Icon name="sun" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {SCHEMES.map((scheme) => (
            <Menu.Item key={scheme} leftSection={<Mark on={colorScheme === scheme} />} onClick={() => { setColorScheme(scheme); }}>
              {t(`app.${scheme}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function Mark({ on }: { on: boolean }) {
  return <span style={{ visibility: on ? 'visible' : 'hidden' }}><Icon name="check" size={16} /></span>;
}
