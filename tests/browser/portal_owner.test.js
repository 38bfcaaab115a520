// The owner's portal, and whoever runs the server's.
import { useLectern } from "./lectern.js";
import { portal } from "./walk.js";

const lectern = useLectern();
portal(lectern, { role: "owner", organization: "oakwood", least: 20 });
portal(lectern, { role: "super_admin", organization: null, least: 4, start: "/organizations" });
