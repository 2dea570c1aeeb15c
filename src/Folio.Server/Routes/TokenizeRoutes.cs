using Folio.Tokenization;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>POST /tokenize and /detokenize.</summary>
internal sealed class TokenizeRoutes(ServedModel served)
{
    public async Task TokenizeAsync(HttpContext context)
    {
        TokenizeRequest request;
        using (RequestBody body = await RequestBody.ReadAsync(context)) request = TokenizeRequest.Read(body.Fields, served);
        string[]? pieces = request.ReturnTokenStrings ? [.. request.Ids.Select(served.RequireTokenizer("prompt").TokenPiece)] : null;
        await JsonAnswer.WriteAsync(context, new(request.Ids.Length, served.Info.MaxModelLen, request.Ids, pieces), WireJson.Default.TokenizeResponse);
    }

    public async Task DetokenizeAsync(HttpContext context)
    {
        int[] ids;
        using (RequestBody body = await RequestBody.ReadAsync(context)) ids = ReadIds(body.Fields);
        await JsonAnswer.WriteAsync(context, new DetokenizeResponse(served.RequireTokenizer("tokens").Decode(ids)), WireJson.Default.DetokenizeResponse);
    }

    /// <summary>Ids that the vocabulary lacks have no text, as in vLLM; negative ones are a mistake.</summary>
    private int[] ReadIds(Fields body)
    {
        FieldPolicies.Detokenize.Check(body);
        served.Resolve(body.Text("model"));
        int[] ids = body.Integers("tokens") ?? throw ApiException.BadRequest("tokens is missing; a list of token ids was expected.", "tokens");
        int negative = Array.FindIndex(ids, id => id < 0);
        return negative < 0 ? ids : throw ApiException.BadRequest($"tokens[{negative}] must be at least 0, got {ids[negative]}.", $"tokens[{negative}]");
    }
}
