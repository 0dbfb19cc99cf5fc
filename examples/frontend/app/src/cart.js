class Cart {
  constructor(shipping) {
    this.shipping = shipping;
    this.lines = new Map();
  }

  add(product, price, quantity = 1) {
    if (!(quantity > 0)) {
      throw new RangeError("A quantity is a number above 0.");
    }
    const line = this.lines.get(product) || { price, quantity: 0 };
    this.lines.set(product, { price, quantity: line.quantity + quantity });
  }

  remove(product) {
    this.lines.delete(product);
  }

  get goods() {
    let sum = 0;
    for (const { price, quantity } of this.lines.values()) {
      sum += price * quantity;
    }
    return sum;
  }

  get total() {
    return this.goods > 0 && this.goods < 50 ? this.goods + this.shipping : this.goods;
  }

  show(place) {
    place.textContent = `${this.lines.size} products, ${this.total.toFixed(2)} €`;
  }
}
