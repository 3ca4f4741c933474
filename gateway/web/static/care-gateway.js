// Pages work without this; it makes the design system's components easier to use where scripts run.
import { initAll } from "./nhsuk/nhsuk-frontend.min.js";

initAll();
