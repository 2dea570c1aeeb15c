using System.Security.Cryptography;
using System.Text;
using Folio.Engine;

namespace Folio.Requests;

/// <summary>Who asks: whose turn it is, and whose cached prompts may be found.</summary>
/// <param name="Tenant">The key's holder; where no key is asked for, whom the field user names. "": nobody in particular.</param>
/// <param name="CacheSalt">The key's holder, unless the server shares, and the field cache_salt; an application's names may be any, so the parts are told apart by more than a mark between them. "": everybody's.</param>
internal sealed record Caller(string Tenant, string CacheSalt, int Priority)
{
    /// <summary>Bytes of a digest: clients choose the names, so nobody may be able to find two with the same.</summary>
    private const int NameBytes = 16;

    /// <summary>What the key's holder may still ask for; null: no limits.</summary>
    public Allowance? Allowance { get; private init; }

    /// <summary>Whose cached prompts and pins these are: the key's holder; "", where the server shares or asks for no key: everybody's.</summary>
    public static string OwnerOf(ServedModel served, Holder holder) => served.Options.SharePrefixCache ? "" : holder.Name;

    /// <param name="body">The request.</param>
    /// <param name="served">What is asked.</param>
    /// <param name="holder">The key's holder.</param>
    public static Caller Read(Fields body, ServedModel served, Holder holder)
    {
        string? user = body.Text("user"), salt = body.Text("cache_salt");
        if (salt is "") throw ApiException.BadRequest("cache_salt must be a non-empty string if provided.", "cache_salt");
        string tenant = holder.Name.Length > 0 ? $"key {holder.Name}" : string.IsNullOrEmpty(user) ? "" : $"user {Name(user)}";
        string own = OwnerOf(served, holder);
        return new(tenant, SaltOf(own, salt), ReadPriority(body, served.Engine.Options.SchedulingPolicy)) { Allowance = holder.Allowance };
    }

    /// <summary>A prompt of this caller's, as the engine takes it.</summary>
    public GenerationRequest Ask(string id, Prompt prompt, SamplingParams sampling, RequestGrammar? grammar) => new()
    {
        Id = id,
        Prompt = prompt.Ids,
        Sampling = sampling,
        Grammar = grammar,
        CacheSalt = CacheSalt,
        Priority = Priority,
        Tenant = Tenant,
    };

    /// <summary>A priority that nobody looks at is a mistake; 0 is what all have.</summary>
    private static int ReadPriority(Fields body, SchedulingPolicy policy)
    {
        int priority = body.Integer("priority") ?? 0;
        if (priority == 0 || policy == SchedulingPolicy.Priority) return priority;
        throw ApiException.BadRequest($"priority is {priority}, but this server's scheduling policy is {(policy == SchedulingPolicy.Fair ? "fair" : "fcfs")}; it takes priorities where --scheduling-policy (SchedulingPolicy) is priority.", "priority");
    }

    private static string SaltOf(string own, string? salt) => salt is not null ? $"salt {Name(salt)} {own}" : own.Length > 0 ? $"holder {own}" : "";

    /// <summary>As long as any other, whatever the client sent.</summary>
    private static string Name(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, NameBytes));
}
