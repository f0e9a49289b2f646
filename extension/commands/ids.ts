/** Every command of Argon. Menus, toolbars and shortcuts in schema/lab/plugin.json name them too. */
export const CommandIds = {
  showPanel: 'argon:show-panel',
  startBridge: 'argon:start-bridge',
  restartBridge: 'argon:restart-bridge',
  showLog: 'argon:show-log',
  createProject: 'argon:create-project',
  openProject: 'argon:open-project',
  pick: 'argon:pick-branch',
  switchTo: 'argon:switch',
  createBranch: 'argon:create-branch',
  renameBranch: 'argon:rename-branch',
  protectBranch: 'argon:protect-branch',
  deleteBranch: 'argon:delete-branch',
  createPin: 'argon:create-pin',
  deletePin: 'argon:delete-pin',
  diff: 'argon:diff',
  merge: 'argon:merge',
  openPlan: 'argon:open-plan',
  undo: 'argon:undo',
  restore: 'argon:restore-preview',
  copyRef: 'argon:copy-ref'
} as const;
