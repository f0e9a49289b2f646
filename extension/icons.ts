import { LabIcon } from '@jupyterlab/ui-components';
import addedSvg from '../style/icons/added.svg';
import argonSvg from '../style/icons/argon.svg';
import branchSvg from '../style/icons/branch.svg';
import branchAddSvg from '../style/icons/branch-add.svg';
import changedSvg from '../style/icons/changed.svg';
import conflictSvg from '../style/icons/conflict.svg';
import dataSvg from '../style/icons/data.svg';
import deletedSvg from '../style/icons/deleted.svg';
import diffSvg from '../style/icons/diff.svg';
import errorSvg from '../style/icons/error.svg';
import firstSvg from '../style/icons/first.svg';
import foldSvg from '../style/icons/fold.svg';
import lastSvg from '../style/icons/last.svg';
import mergeSvg from '../style/icons/merge.svg';
import modelSvg from '../style/icons/model.svg';
import nextSvg from '../style/icons/next.svg';
import noticeSvg from '../style/icons/notice.svg';
import pinSvg from '../style/icons/pin.svg';
import previousSvg from '../style/icons/previous.svg';
import readSvg from '../style/icons/read.svg';
import runSvg from '../style/icons/run.svg';
import staleSvg from '../style/icons/stale.svg';
import swapSvg from '../style/icons/swap.svg';
import warningSvg from '../style/icons/warning.svg';
import writeSvg from '../style/icons/write.svg';

/** The tile of Argon, for the side bar. */
export const argonIcon = new LabIcon({ name: 'argon:argon', svgstr: argonSvg });

/** A branch. */
export const branchIcon = new LabIcon({ name: 'argon:branch', svgstr: branchSvg });

/** Make a branch. */
export const branchAddIcon = new LabIcon({ name: 'argon:branch-add', svgstr: branchAddSvg });

/** Merge. */
export const mergeIcon = new LabIcon({ name: 'argon:merge', svgstr: mergeSvg });

/** Compare two states. */
export const diffIcon = new LabIcon({ name: 'argon:diff', svgstr: diffSvg });

/** A pin. */
export const pinIcon = new LabIcon({ name: 'argon:pin', svgstr: pinSvg });

/** An MLflow run: a diamond. */
export const runIcon = new LabIcon({ name: 'argon:run', svgstr: runSvg });

/** Exchange the two sides. */
export const swapIcon = new LabIcon({ name: 'argon:swap', svgstr: swapSvg });

/** A cell read data. */
export const readIcon = new LabIcon({ name: 'argon:read', svgstr: readSvg });

/** A cell wrote data. */
export const writeIcon = new LabIcon({ name: 'argon:write', svgstr: writeSvg });

/** What a cell read has moved since. */
export const staleIcon = new LabIcon({ name: 'argon:stale', svgstr: staleSvg });

/** Fold what is unfolded. */
export const foldIcon = new LabIcon({ name: 'argon:fold', svgstr: foldSvg });

/** A state of the data. */
export const dataIcon = new LabIcon({ name: 'argon:data', svgstr: dataSvg });

/** A registered model. */
export const modelIcon = new LabIcon({ name: 'argon:model', svgstr: modelSvg });

/** To LSN 0. */
export const firstIcon = new LabIcon({ name: 'argon:first', svgstr: firstSvg });

/** To the head. */
export const lastIcon = new LabIcon({ name: 'argon:last', svgstr: lastSvg });

/** One entry back. */
export const previousIcon = new LabIcon({ name: 'argon:previous', svgstr: previousSvg });

/** One entry on. */
export const nextIcon = new LabIcon({ name: 'argon:next', svgstr: nextSvg });

/** Framed sign: added. */
export const addedIcon = new LabIcon({ name: 'argon:added', svgstr: addedSvg });

/** Framed sign: changed. */
export const changedIcon = new LabIcon({ name: 'argon:changed', svgstr: changedSvg });

/** Framed sign: deleted. */
export const deletedIcon = new LabIcon({ name: 'argon:deleted', svgstr: deletedSvg });

/** Framed sign: conflict. */
export const conflictIcon = new LabIcon({ name: 'argon:conflict', svgstr: conflictSvg });

/** Something needs attention. */
export const warningIcon = new LabIcon({ name: 'argon:warning', svgstr: warningSvg });

/** Something is broken. */
export const errorIcon = new LabIcon({ name: 'argon:error', svgstr: errorSvg });

/** Something to know. */
export const noticeIcon = new LabIcon({ name: 'argon:notice', svgstr: noticeSvg });
