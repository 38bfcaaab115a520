// The instructor's portal.
import { useLectern } from "./lectern.js";
import { portal } from "./walk.js";

portal(useLectern(), { role: "instructor", organization: "oakwood", least: 15 });
