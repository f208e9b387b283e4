//! ALE (vendors.md §2): the model's file and the device's own, in the Myriad and the 8028s dialect; the IP Touch.
//! ALE-063: what is set here reaches the phone without another provisioning server.

use super::stories;

stories!(myriad, "M3", Token, &["config.M3.xml 200", "config.3c28a620089e.xml 200"]);
stories!(of_8028s, "8028s", Token, &["config.8028s.xml 200", "config.487a55023075.xml 200"]);
stories!(noe, "4018", Binding, &["lanpbx.cfg 200", "sipconfig.txt 200", "sipconfig-00809FAABB07.txt 200"]);
