//! Avaya (avaya.md §1–3): the upgrade file of the family, the settings file, and where no MAC is known the device's own.

use super::stories;

stories!(j179, "J179", Credentials, &["J100Supgrade.txt 200", "46xxsettings.txt 200"]);
stories!(of_9608, "9608", Binding, &["96x1Supgrade.txt 200", "46xxsettings.txt 200", "d47856b7122c.txt 200"]);
stories!(vantage, "K175", Binding, &["K1xxSupgrade.txt 200", "46xxsettings.txt 200", "001b4faabb08.txt 200"]);
