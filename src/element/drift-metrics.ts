import { Gauge, type Registry } from 'prom-client'
import { DRIFT_ACTIONS, type Sweep } from '../volumegroups/index.ts'

/** Tells what the last sweep found. What it gives back takes the results of each. */
export function measureDrift(registry: Registry): (sweep: Sweep) => void {
  const registers = [registry]
  const findings = new Gauge({
    name: 'mooring_drift_findings',
    help: 'What the last sweep found that was not as it should be, by what it is and what was done about it.',
    labelNames: ['kind', 'action'],
    registers,
  })
  const at = new Gauge({
    name: 'mooring_drift_last_sweep_timestamp_seconds',
    help: 'When the last sweep began; 0: there was none yet.',
    registers,
  })
  const none = (): void => {
    for (const action of DRIFT_ACTIONS) findings.set({ kind: 'any', action }, 0)
  }
  none()
  return (sweep) => {
    findings.reset()
    none() // a figure that is always there
    for (const { kind, action } of sweep.findings) {
      findings.inc({ kind, action })
      findings.inc({ kind: 'any', action })
    }
    at.set(sweep.at.getTime() / 1000)
  }
}
