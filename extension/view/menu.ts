import type { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

/** An item of a pop-up menu: a command with its arguments, or a line between items. */
export type MenuItem = Menu.IItemOptions;

/** Opens a menu that is there as long as it is open, and gives the focus back to whom it took it from. */
export function openMenu(
  commands: CommandRegistry,
  items: readonly MenuItem[],
  at: { readonly x: number; readonly y: number }
): Menu {
  const menu = new Menu({ commands });
  menu.addClass('jp-ArgonMenu');
  items.forEach(item => menu.addItem(item));
  const before = document.activeElement;
  menu.aboutToClose.connect(() => {
    // At once, so that what the chosen command asks finds the focus where it was.
    if (menu.node.contains(document.activeElement) && before instanceof HTMLElement) {
      before.focus();
    }
    // The chosen command runs after the menu has closed, so the menu is let go a moment later.
    setTimeout(() => menu.dispose(), 0);
  });
  menu.open(at.x, at.y);
  return menu;
}

/** The place under an element. */
export function below(element: Element): { readonly x: number; readonly y: number } {
  const box = element.getBoundingClientRect();
  return { x: box.left, y: box.bottom };
}
