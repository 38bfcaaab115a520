// The owner's portal.
import { useLectern } from "./lectern.js";
import { portal } from "./walk.js";

portal(useLectern(), { role: "owner", organization: "oakwood", least: 20 });
