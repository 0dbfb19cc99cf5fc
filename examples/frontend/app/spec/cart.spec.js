describe("Cart", () => {
  const shipping = Number(window.__karma__.config.args[0]);
  let cart;

  beforeEach(() => {
    cart = new Cart(shipping);
  });

  it("is empty at first", () => {
    expect(cart.total).toBe(0);
  });

  it("adds a product", () => {
    cart.add("cup", 10);
    expect(cart.goods).toBe(10);
  });

  it("adds up quantities", () => {
    cart.add("cup", 10, 2);
    cart.add("cup", 10);
    expect(cart.goods).toBe(30);
  });

  it("refuses a quantity of none", () => {
    expect(() => cart.add("cup", 10, 0)).toThrowError(RangeError);
  });

  it("removes a product", () => {
    cart.add("cup", 10);
    cart.remove("cup");
    expect(cart.lines.size).toBe(0);
  });

  it("adds the shipping", () => {
    console.log(`shipping is ${shipping}`);
    cart.add("cup", 10);
    expect(cart.total).toBe(14.5);
  });

  it("ships for free from 50 on", () => {
    cart.add("cup", 10, 5);
    expect(cart.total).toBe(50);
  });

  it("is shown on the page", () => {
    const place = document.createElement("p");
    cart.add("cup", 60);
    cart.show(place);
    expect(place.textContent).toBe("1 products, 60.00 €");
  });
});
