namespace Folio.Engine;

/// <summary>A prefix that is kept in the cache, whoever else needs room: the paper's shared prefix (§4.4).</summary>
/// <param name="Id">What it is called.</param>
/// <param name="Tokens">Tokens that requests of any salt find cached if they begin with this prefix: its full blocks.</param>
public sealed record PinnedPrefix(string Id, int Tokens);
