using System.Security.Cryptography;

namespace Folio.Server;

/// <summary>Names of responses and of their items. The server chooses them, since responses are found by them.</summary>
internal static class ResponseIds
{
    public const string Response = "resp", Message = "msg", Reasoning = "rs", Call = "fc", CallOutput = "fco";

    public static string New(string kind) => $"{kind}_{RandomNumberGenerator.GetHexString(32, lowercase: true)}";
}
