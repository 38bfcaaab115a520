// The portal of whoever runs the server.
import { useLectern } from "./lectern.js";
import { portal } from "./walk.js";

portal(useLectern(), { role: "super_admin", organization: null, least: 4, start: "/organizations" });
